//! Checkpoints: what an outbox says up to one of its alerts, as bytes, so that a restart reads the rest alone.
//!
//! Rules:
//! - a checkpoint holds what follows from the outbox, and nothing else; one that is lost costs time;
//! - it names its outbox and an offset: none of the alerts that it does not hold lies before that. Alerts from there on that it
//!   holds are known by their numbers and left out;
//! - the last alert that it holds must be found from that offset on, byte by byte, before any that it does not hold. If it
//!   is not, the outbox is another one, whatever its name: [`LearnError::Foreign`];
//! - it is as large as what a relay may know ([`OPEN_MAX`](crate::limits::OPEN_MAX),
//!   [`GROUPS_KEPT_MAX`](crate::limits::GROUPS_KEPT_MAX), [`CLOSED_KEPT_MAX`](crate::limits::CLOSED_KEPT_MAX),
//!   [`KNOWN_TOKENS_MAX`](crate::limits::KNOWN_TOKENS_MAX)), and no larger.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use lancang_record::log::WireCodec;
use lancang_record::snapshot::{Form, FormError};

use crate::alert::Alert;
use crate::group::Groups;
use crate::known::{Known, Person};

use super::outbox::{Opened, Outbox, Shared};

/// The version changes with the form of what is kept, and with what [`Outbox::note`] makes of an alert.
const FORM: Form = Form { magic: "LCR", version: 3 };

/// Why a checkpoint is of no use here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not of the form, of another version, or damaged.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Of another outbox.
    #[error("the checkpoint is of outbox `{found}`, expected `{expected}`")]
    OtherOutbox {
        /// Its outbox.
        found: String,
        /// The outbox that is read.
        expected: String,
    },
}

/// Why what an outbox holds cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// Not an alert.
    #[error("not an alert: {0}")]
    NoAlert(#[from] serde_json::Error),
    /// The checkpoint that was restored is not of this outbox.
    #[error("the outbox does not hold what the checkpoint was made of")]
    Foreign,
}

#[derive(Encode, Decode)]
struct Header {
    outbox: String,
    offset: i64,
}

type Kept<'a> = (
    &'a BTreeMap<String, u64>,
    &'a BTreeMap<String, Shared>,
    u64,
    &'a BTreeMap<u64, String>,
    &'a BTreeMap<String, Opened>,
    u64,
    &'a Vec<u8>,
    GroupsKept,
    ClosedKept,
    KnownKept<'a>,
);

type KeptAlone = (
    BTreeMap<String, u64>,
    BTreeMap<String, Shared>,
    u64,
    BTreeMap<u64, String>,
    BTreeMap<String, Opened>,
    u64,
    Vec<u8>,
    GroupsKept,
    ClosedKept,
    (BTreeMap<u64, Person>, u64, u64),
);

/// Newest alerts by their order of opening, as JSON; how many were opened, and let go.
type GroupsKept = (BTreeMap<u64, Vec<u8>>, u64, u64);
/// Closed alerts by their order of closing, as JSON; how many were let go.
type ClosedKept = (BTreeMap<u64, Vec<u8>>, u64);
/// What was told of whom; how often, and how many tokens were forgotten.
type KnownKept<'a> = (&'a BTreeMap<u64, Person>, u64, u64);

pub(super) fn encode(outbox: &Outbox, name: &str, offset: i64) -> Vec<u8> {
    let json = |alert: &Alert| serde_json::to_vec(alert).unwrap_or_default();
    let (newest, opened, let_go) = outbox.groups.kept();
    let all = |alerts: &BTreeMap<u64, Box<Alert>>| alerts.iter().map(|(order, alert)| (*order, json(alert))).collect();
    let kept: Kept<'_> = (
        &outbox.sequences,
        &outbox.open,
        outbox.orders,
        &outbox.closed,
        &outbox.opened,
        outbox.forgotten,
        &outbox.last,
        (all(newest), opened, let_go),
        (all(&outbox.closed_alerts), outbox.past_recall),
        outbox.known_of.kept(),
    );
    FORM.encode(|body| {
        WireCodec::encode(&Header { outbox: name.to_owned(), offset }, body);
        WireCodec::encode(&kept, body);
    })
}

pub(super) fn decode(bytes: &[u8], name: &str) -> Result<(Outbox, i64), CheckpointError> {
    let body = FORM.body(bytes)?;
    let damaged = |_| FormError::Damaged;
    let (header, at) = WireCodec::decode::<Header>("checkpoint", bytes, body).map_err(damaged)?;
    if header.outbox != name {
        return Err(CheckpointError::OtherOutbox { found: header.outbox, expected: name.to_owned() });
    }
    let kept: KeptAlone = WireCodec::decode_checked("checkpoint", bytes, at).map_err(damaged)?;
    let (sequences, open, orders, closed, opened, forgotten, last, groups, closed_kept, known) = kept;
    let ((newest, groups_opened, let_go), (closed_alerts, past_recall)) = (groups, closed_kept);
    let groups = Groups::of(alerts(newest)?, groups_opened, let_go);
    let mut outbox = Outbox::default();
    (outbox.sequences, outbox.open, outbox.orders, outbox.closed) = (sequences, open, orders, closed);
    (outbox.opened, outbox.forgotten, outbox.last, outbox.groups) = (opened, forgotten, last, groups);
    outbox.closed_alerts = alerts(closed_alerts)?.into_iter().map(|(order, alert)| (order, Box::new(alert))).collect();
    outbox.past_recall = past_recall;
    outbox.known_of = Known::of(known.0, known.1, known.2);
    outbox.derive();
    Ok((outbox, header.offset))
}

fn alerts(kept: BTreeMap<u64, Vec<u8>>) -> Result<BTreeMap<u64, Alert>, FormError> {
    let read = |(order, json): (u64, Vec<u8>)| Ok((order, serde_json::from_slice(&json)?));
    kept.into_iter().map(read).collect::<serde_json::Result<_>>().map_err(|_| FormError::Damaged)
}
