//! Feeds as they are.
//!
//! From a real sample of 2,000 rows (patterns.md): 38 % without IMSI, 84 % without a cell, most rows forwarded or transit.
//! Besides: repeats, calls in parts, withheld callers, records up to 50 s late. All follows from the record's reference.

use lancang_record::record::{Direction, Kind};

use crate::draw::{below, mix, permille};
use crate::geography::NO_CELL;
use crate::row::{NO_DIGITS, Node, Row, Who, fixed};

/// What a hash is taken for.
const FATE: u64 = 41;
const IMSI: u64 = 42;
const CELL: u64 = 43;
const DELAY: u64 = 44;

/// Gives a record as a feed has it, and what else the feed has of it.
pub fn mess(mut row: Row, mut give: impl FnMut(Row)) {
    let key = row.reference ^ (row.direction as u64) << 60;
    if permille(mix(key, IMSI, 0), 380) {
        row.imsi = NO_DIGITS;
    }
    if permille(mix(key, CELL, 0), 840) {
        row.cell = NO_CELL;
    }
    let delay = mix(key, DELAY, 0);
    if permille(delay, 50) {
        row.at_ms += 1000 + below(delay << 20, 40_000) as i64;
    }
    let fate = mix(key, FATE, 0);
    if permille(fate, 20) {
        let mut again = row;
        again.at_ms += below(fate << 32, 20_000) as i64;
        give(again);
    }
    if row.kind != Kind::Voice {
        return give(row);
    }
    for index in 0..1 + below(fate << 16, 3) {
        give(through(row, index, fate));
    }
    match below(fate, 1000) {
        20..40 if row.duration_ms.is_some_and(|ms| ms > 60_000) && row.end_after_ms.is_some() => {
            give(split(&mut row));
        }
        40..45 if row.direction == Direction::Incoming => row.caller = Who::NONE,
        _ => {}
    }
    give(row);
}

/// A record of the same call by a switch that it went through.
fn through(row: Row, index: u64, fate: u64) -> Row {
    let forwarded = fate >> (40 + index) & 1 == 0;
    let mut through = Row { imsi: NO_DIGITS, imei: NO_DIGITS, cell: NO_CELL, ..row };
    through.direction = if forwarded { Direction::Forwarded } else { Direction::Transit };
    through.node = Node::Transit;
    through.reference = mix(row.reference, row.direction as u64, index + 1) >> 4;
    if forwarded {
        through.redirecting = row.callee;
    }
    (through.trunk_in, through.trunk_out, through.roaming) = (fixed::DOMESTIC, 0, None);
    through
}

/// Makes a record the first part of its call and gives the second and last.
fn split(row: &mut Row) -> Row {
    let (whole, end) = (row.duration_ms.unwrap_or(0), row.end_after_ms.unwrap_or(0));
    let second = Row { part: 2, last: true, duration_ms: Some(whole - whole / 2), ..*row };
    (row.part, row.last, row.duration_ms) = (1, false, Some(whole / 2));
    row.end_after_ms = Some(end - (whole - whole / 2));
    row.at_ms -= i64::from(whole - whole / 2);
    second
}
