#!/usr/bin/env python3
"""Steps a second of Dyad's Overcooked beside the programs whose rules it follows.

    python3 crates/gridworld/benches/compare_originals.py [--jax] [--core N] [--venv DIR]

Installs cogrid 0.3.2 and overcooked-ai 1.1.0 from PyPI into a virtual environment of their own
(DIR; by default a temporary one), then measures on one pinned core, one program after the other:
cramped room, two players, random actions that are drawn before the clock starts, episodes started
anew when they end. Each figure is a median: of three runs of a second or more, or of the samples of
`cargo bench`. Nothing else should run meanwhile. `--jax` adds CoGrid compiled by JAX, 1024 worlds
at once.
"""

import argparse
import copy
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

PACKAGES = ["cogrid==0.3.2", "overcooked-ai==1.1.0"]
DRAWN = 1 << 14  # joint actions; a run goes through them again and again


def steps_per_second(step, seconds=1.0, chunk=100):
    """Median over three runs of `step`, which takes a number and makes one step."""
    def run():
        done, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds:
            for _ in range(chunk):
                step(done % DRAWN)
                done += 1
        return done / spent
    return statistics.median(run() for _ in range(3))


def cogrid(features=None):
    from cogrid.cogrid_env import CoGridEnv
    from cogrid.envs import cramped_room_config
    from cogrid.envs.overcooked.agent import OvercookedAgent

    config = copy.deepcopy(cramped_room_config)
    config["features"] = features or config["features"]
    env = CoGridEnv(config=config, agent_class=OvercookedAgent, backend="numpy")
    env.reset(seed=1)
    actions = [{i: random.randrange(7) for i in range(2)} for _ in range(DRAWN)]

    def step(number):
        _, _, _, truncated, _ = env.step(actions[number])
        if any(truncated.values()):
            env.reset()
    return steps_per_second(step)


def cogrid_jax(worlds=1024, steps=100):
    import jax
    from cogrid.envs import registry

    env = registry.make("Overcooked-CrampedRoom-V0", backend="jax")
    env.reset(seed=1)
    _, state, _ = jax.vmap(env.jax_reset)(jax.random.split(jax.random.key(0), worlds))

    def one(state, key):
        keys = jax.random.split(key, worlds)
        joint = jax.random.randint(key, (2, worlds), 0, 7)
        # The compiler leaves out the observations, which nobody reads.
        state = jax.vmap(env.jax_step)(keys, state, {0: joint[0], 1: joint[1]})[1]
        return state, None
    many = jax.jit(lambda state, key: jax.lax.scan(one, state, jax.random.split(key, steps))[0])

    def step(number):
        jax.block_until_ready(many(state, jax.random.key(number)))
    step(0)  # compiles
    return steps_per_second(step, chunk=1) * worlds * steps


def overcooked_ai():
    from overcooked_ai_py.mdp.overcooked_mdp import Action, OvercookedGridworld

    mdp = OvercookedGridworld.from_layout_name("cramped_room")
    actions = [tuple(random.choices(Action.ALL_ACTIONS, k=2)) for _ in range(DRAWN)]
    state = mdp.get_standard_start_state()

    def step(number):
        nonlocal state
        start = number % 400 == 0  # its episodes have 400 steps
        state = mdp.get_standard_start_state() if start else state
        state, _ = mdp.get_state_transition(state, actions[number])
    return steps_per_second(step)


ORIGINALS = {
    "CoGrid 0.3.2, numpy, both observations": cogrid,
    "CoGrid 0.3.2, numpy, no observations": lambda: cogrid(["agent_dir"]),
    "CoGrid 0.3.2, JAX, no observations, 1024 worlds": cogrid_jax,
    "Overcooked-AI 1.1.0, no observations": overcooked_ai,
}
OURS = {
    "Dyad, both observations": "single_with_both_observations",
    "Dyad, no observations": "single",
    "Dyad, no observations, 1024 worlds": "batched 1024",
}
BENCH = ["cargo", "bench", "--quiet", "-p", "dyad-gridworld", "--bench", "step"]


def dyad():
    """The medians that divan prints, in steps a second."""
    text = subprocess.run(BENCH, check=True, capture_output=True, text=True).stdout
    group, name, figures = "", "", {}
    for line in text.splitlines():
        if found := re.match(r"([│ ]*)[├╰]─ (\w+)", line):
            group = group if found[1] else found[2]
            name = f"{group} {found[2]}" if found[1] else group
        elif len(cells := line.split("│")) >= 4 and "item/s" in line:
            number, unit = cells[-4 if cells[-1].strip() == "" else -3].split()
            figures[name] = float(number) * {"item/s": 1, "Kitem/s": 1e3, "Mitem/s": 1e6}[unit]
    return {label: figures[name] for label, name in OURS.items()}


def install(folder, packages):
    venv.create(folder, with_pip=True)
    python = Path(folder) / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def compare(options, folder):
    packages = PACKAGES + (["jax"] if options.jax else [])
    python = install(folder, packages)
    subprocess.run([*BENCH, "--no-run"], check=True)
    os.sched_setaffinity(0, {options.core})  # what is started from here on inherits it
    figures = {}
    for name in ORIGINALS:
        if options.jax or "JAX" not in name:
            command = [python, __file__, "--measure", name]
            figures[name] = json.loads(subprocess.check_output(command, text=True).splitlines()[-1])
    figures |= dyad()
    least = min(figures.values())
    print(f"{'':50}{'steps/s':>14}{'ratio':>12}")
    for name, figure in figures.items():
        print(f"{name:50}{figure:14,.0f}{figure / least:12,.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jax", action="store_true", help="CoGrid on JAX, too")
    parser.add_argument("--core", type=int, default=0, help="the core to measure on")
    parser.add_argument("--venv", help="folder of the virtual environment, kept")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        random.seed(1)
        print(json.dumps(ORIGINALS[options.measure]()))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(options, options.venv or folder)


if __name__ == "__main__":
    sys.exit(main())
