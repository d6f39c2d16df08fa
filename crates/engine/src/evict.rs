//! What a full table lets go of.

use crate::limits::EVICTED_SHARE;

/// The lightest of all weights, so that `max` and a share of room remain; none where no more than `max` are held. A share
/// at once: looking for one among a million takes milliseconds.
pub(crate) fn lightest<W: Ord>(mut weights: Vec<W>, max: usize) -> Vec<W> {
    if weights.len() <= max {
        return Vec::new();
    }
    let going = (weights.len() - max + max / EVICTED_SHARE).min(weights.len() - 1);
    weights.select_nth_unstable(going);
    weights.truncate(going);
    weights
}
