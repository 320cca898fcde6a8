//! Hints that list what is possible, so that they stay true when a task is added.

use dyad_gridworld::overcooked::RewardScheme as CogridRewards;
use dyad_gridworld::overcooked_ai::RewardScheme as OvercookedAiRewards;
use dyad_gridworld::task::TaskSettings;

/// How a task is written.
pub(crate) fn task() -> String {
    let names = TaskSettings::all();
    let names: Vec<&str> = names.iter().map(TaskSettings::name).collect();
    let presets = CogridRewards::PRESETS.map(|(name, _)| name);
    let others = OvercookedAiRewards::PRESETS.map(|(name, _)| name);
    format!(
        "for example task = {{ name = \"cogrid-overcooked\", cook_time = 30, \
         rewards = \"deliveries\" }}; tasks are {}; rewards are a preset (cogrid-overcooked: {}; \
         overcooked-ai-2019: {}) or a table such as {{ delivery = \"20\", soup_in_dish = \"0.1\" }}, \
         in points as a text or in thousandths of a point as a number",
        names.join(", "),
        presets.join(", "),
        others.join(", "),
    )
}

/// Which layouts a task has; without a task, which the default one has.
pub(crate) fn layouts(task: Option<&TaskSettings>) -> String {
    let default = TaskSettings::default();
    let task = task.unwrap_or(&default);
    let names: Vec<&str> = task.layouts().iter().map(|(name, _)| *name).collect();
    format!(
        "the task {} has {}; a path such as \"kitchens/mine.txt\" reads your own",
        task.name(),
        names.join(", ")
    )
}
