//! Where cells lie: by primitive and pane, and in which panes a time lies.

use bincode::{Decode, Encode};

use crate::layout::Layout;

/// Primitive and pane in one word, so that they are compared at once: the primitive in the top byte, of which a layout has
/// 256 at most, and the pane in the rest. Panes before or after half of these share the first and the last: a million years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(super) struct Place(pub(super) u64);

impl Place {
    const PANE_BITS: u32 = 56;
    const HALF: i64 = 1 << (Self::PANE_BITS - 1);

    /// Of a primitive, and of a pane as [`Self::bits`] gives it.
    pub(super) const fn of(primitive: usize, pane: u64) -> Self {
        Self((primitive as u64) << Self::PANE_BITS | pane)
    }

    /// A pane as it stands in a place.
    pub(super) const fn bits(pane: i64) -> u64 {
        let pane = if pane < -Self::HALF {
            -Self::HALF
        } else if pane >= Self::HALF {
            Self::HALF - 1
        } else {
            pane
        };
        (pane + Self::HALF) as u64
    }

    /// The last of its primitive.
    pub(super) const fn last(self) -> Self {
        Self(self.0 | ((1 << Self::PANE_BITS) - 1))
    }

    pub(super) const fn primitive(self) -> usize {
        (self.0 >> Self::PANE_BITS) as usize
    }

    pub(super) const fn pane(self) -> i64 {
        (self.0 & ((1 << Self::PANE_BITS) - 1)) as i64 - Self::HALF
    }
}

/// A time, and the panes of a layout's windows in which it lies: worked out once for all that is asked of it, since each takes two
/// divisions.
#[derive(Clone, Debug)]
pub struct At<'l> {
    pub(super) layout: &'l Layout,
    pub(super) at_ms: i64,
    /// Of the first windows; those of further ones are worked out each time.
    windows: [Option<WindowAt>; WINDOWS_KEPT],
}

/// Nearly all layouts of aggregated entities have no more.
const WINDOWS_KEPT: usize = 4;

/// A window that ends with the pane of a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct WindowAt {
    pub(super) pane_ms: i64,
    /// How many panes it covers.
    pub(super) panes: i64,
    /// The first of them and the last, as they stand in a [`Place`].
    pub(super) first: u64,
    pub(super) last: u64,
    /// Newest event time from which on no window covers the last.
    pub(super) expires_ms: i64,
}

impl<'l> At<'l> {
    /// This time in milliseconds, in panes of these windows.
    #[must_use]
    pub const fn new(layout: &'l Layout, at_ms: i64) -> Self {
        Self { layout, at_ms, windows: [None; WINDOWS_KEPT] }
    }

    /// The time, milliseconds.
    #[must_use]
    pub const fn ms(&self) -> i64 {
        self.at_ms
    }

    /// The window of a primitive; `None` if the layout has none.
    #[inline]
    pub(super) fn window_of(&mut self, primitive: usize) -> Option<WindowAt> {
        let number = usize::from(self.layout.primitives.get(primitive)?.window);
        match self.windows.get(number) {
            Some(Some(window)) => Some(*window),
            _ => self.work_out(number),
        }
    }

    fn work_out(&mut self, number: usize) -> Option<WindowAt> {
        let spec = *self.layout.windows.get(number)?;
        let (pane_ms, panes) = (spec.pane_ms(), i64::from(spec.panes));
        let pane = self.at_ms.div_euclid(pane_ms);
        let last = Place::bits(pane);
        let first = last.saturating_sub(panes.saturating_sub(1) as u64);
        let window = WindowAt { pane_ms, panes, first, last, expires_ms: expires_ms(pane, panes, pane_ms) };
        if let Some(kept) = self.windows.get_mut(number) {
            *kept = Some(window);
        }
        Some(window)
    }
}

/// Newest event time from which on no window of so many panes covers a pane.
pub(super) const fn expires_ms(pane: i64, panes: i64, pane_ms: i64) -> i64 {
    pane.saturating_add(panes).saturating_mul(pane_ms)
}
