//! What goes wrong with connections, drawn by the seed.

use super::random::Random;

/// What goes wrong with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// It breaks after so many bytes to the server.
    CutToServer(usize),
    /// It breaks after so many bytes to the client.
    CutToClient(usize),
    /// After so many bytes to the server nothing arrives any more, either way, and nobody is told.
    Mute(usize),
    /// Replies stop after so many bytes, and nobody is told; commands still arrive.
    Deaf(usize),
    /// The server talks nonsense after so many bytes of replies.
    Garbage(usize),
    /// The server is not ready to serve.
    Loading,
}

impl Fault {
    pub(super) fn draw(random: &mut Random, silent_ones: bool) -> Self {
        let bytes = if random.chance(30) { random.count(0..=200) } else { random.count(0..=6_000) };
        match random.of(0..=if silent_ones { 6 } else { 3 }) {
            0 => Self::CutToServer(bytes),
            1 => Self::CutToClient(bytes),
            2 => Self::Garbage(bytes),
            3 => Self::Loading,
            4 | 5 => Self::Mute(bytes),
            _ => Self::Deaf(bytes),
        }
    }
}
