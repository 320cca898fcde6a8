//! What this machine submitted for its own seat, until the frames are confirmed.

use dyad_gridworld::PlayerInput;
use std::collections::VecDeque;

/// How far ahead of the record an input may be. ggrs keeps at most 128 inputs of a player.
const MAX_AHEAD: u32 = 1024;

#[derive(Debug, Default)]
pub(super) struct Issued {
    /// In order of frames.
    inputs: VecDeque<(u32, PlayerInput)>,
}

impl Issued {
    /// Notes an input; `next` is the next frame of the record. False where the frame is recorded
    /// already or too far ahead.
    pub(super) fn put(&mut self, next: u32, frame: u32, input: PlayerInput) -> bool {
        if frame.checked_sub(next).is_none_or(|ahead| ahead > MAX_AHEAD) {
            return false;
        }
        match self.inputs.binary_search_by_key(&frame, |&(frame, _)| frame) {
            Ok(at) => self.inputs[at].1 = input,
            Err(at) => self.inputs.insert(at, (frame, input)),
        }
        true
    }

    /// Forgets everything: these frames will be issued anew.
    pub(super) fn clear(&mut self) {
        self.inputs.clear();
    }

    /// The input that was issued for a frame that is confirmed now; earlier ones are forgotten.
    pub(super) fn take(&mut self, frame: u32) -> Option<PlayerInput> {
        while let Some(&(first, input)) = self.inputs.front() {
            if first > frame {
                break;
            }
            self.inputs.pop_front();
            if first == frame {
                return Some(input);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Issued, MAX_AHEAD};
    use dyad_gridworld::{Action, PlayerInput};

    #[test]
    fn the_last_input_for_a_frame_counts() {
        let (up, down) = (PlayerInput::new(Action::Up), PlayerInput::new(Action::Down));
        let mut issued = Issued::default();
        assert!(issued.put(0, 3, up));
        assert!(issued.put(0, 1, up));
        assert!(issued.put(0, 3, down), "a stalled step submits again");
        let taken: Vec<_> = (0..5).map(|frame| issued.take(frame)).collect();
        assert_eq!(taken, [None, Some(up), None, Some(down), None]);
    }

    #[test]
    fn what_is_late_or_far_ahead_is_refused() {
        let mut issued = Issued::default();
        assert!(!issued.put(5, 4, PlayerInput::default()));
        assert!(issued.put(5, 5 + MAX_AHEAD, PlayerInput::default()));
        assert!(!issued.put(5, 6 + MAX_AHEAD, PlayerInput::default()));
    }
}
