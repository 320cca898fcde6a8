//! What a window takes of Bevy: events, a camera, and what draws. All that is drawn is egui's, so there is
//! no text, sprite, light, animation or gizmo of Bevy's in the program; leaving them out makes it smaller
//! and quicker to start.

use bevy::a11y::AccessibilityPlugin;
use bevy::app::{
    PanicHandlerPlugin, PluginGroup, PluginGroupBuilder, TaskPoolPlugin, TerminalCtrlCHandlerPlugin,
};
use bevy::asset::AssetPlugin;
use bevy::camera::CameraPlugin;
use bevy::core_pipeline::CorePipelinePlugin;
use bevy::diagnostic::FrameCountPlugin;
use bevy::image::ImagePlugin;
use bevy::input::InputPlugin;
use bevy::log::LogPlugin;
use bevy::mesh::MeshPlugin;
use bevy::render::RenderPlugin;
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::state::app::StatesPlugin;
use bevy::time::TimePlugin;
use bevy::transform::TransformPlugin;
use bevy::window::WindowPlugin;
use bevy::winit::WinitPlugin;

/// The plugins of a window.
pub struct Engine {
    /// The log.
    pub log: LogPlugin,
    /// The window.
    pub window: WindowPlugin,
}

impl PluginGroup for Engine {
    /// In the order of Bevy's own group, which some of them rely on.
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(PanicHandlerPlugin)
            .add(self.log)
            .add(TaskPoolPlugin::default())
            .add(FrameCountPlugin)
            .add(TimePlugin)
            .add(TransformPlugin)
            .add(InputPlugin)
            .add(self.window)
            .add(AccessibilityPlugin)
            .add(TerminalCtrlCHandlerPlugin)
            .add(AssetPlugin::default())
            .add(WinitPlugin::default())
            .add(RenderPlugin::default())
            .add(ImagePlugin::default())
            .add(MeshPlugin)
            .add(CameraPlugin)
            .add(PipelinedRenderingPlugin)
            .add(CorePipelinePlugin)
            .add(StatesPlugin)
    }
}
