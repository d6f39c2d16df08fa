//! The record as it travels through the records log: normalised, typed, borrowed from its frame.
//!
//! Absent is not zero: an absent number is `None`, an absent text is empty.
//! **Invariant:** `event` is the completion of the call (its end, or start plus duration), the start of an SMS.

use bincode::{Decode, Encode};

use crate::enrichment::Enrichment;
use crate::number::{Country, Digits, Party, Plan};
use crate::place::Position;
use crate::time::Timestamp;

/// Gives an enumeration its values and their names, in the order of their declaration: one table for codecs and patterns.
macro_rules! named {
    ($of:ident: $($value:ident $name:literal),+) => {
        impl $of {
            /// All values, in the order of their discriminants.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$value),+];

            /// Its name in records and patterns.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }
        }
    };
}

named!(Kind: Voice "voice", Sms "sms", Mobility "mobility", Report "report", Subscriber "subscriber");
named!(Direction: None "", Outgoing "outgoing", Incoming "incoming", Transit "transit", Forwarded "forwarded");
named!(Phase: End "end", Start "start", Interim "interim");
named!(CauseScheme: Q850 "q850", Sip "sip");
named!(Attestation: None "", A "A", B "B", C "C");
named!(Verstat: None "none", Passed "passed", Failed "failed");

/// What a record tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Kind {
    /// A call.
    Voice,
    /// A short message.
    Sms,
    /// A location update: where a subscriber is.
    Mobility,
    /// Somebody reported a number, a sender or a domain.
    Report,
    /// What the operator's own books say of a subscriber. It has no time: it takes effect at its place in the log.
    Subscriber,
}

/// Which leg of a call or message the record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Direction {
    /// Not a call or message (mobility, report).
    #[default]
    None,
    /// The caller is the served subscriber.
    Outgoing,
    /// The callee is the served subscriber.
    Incoming,
    /// Neither is: a gateway or transit switch.
    Transit,
    /// The redirecting number is.
    Forwarded,
}

/// Which moment of a call the record was written at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Phase {
    /// After release: an ordinary call-detail record.
    #[default]
    End,
    /// At set-up.
    Start,
    /// While it lasts.
    Interim,
}

/// Where a cause value is numbered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum CauseScheme {
    /// ITU-T Q.850.
    #[default]
    Q850,
    /// SIP status code.
    Sip,
}

/// STIR/SHAKEN attestation level (RFC 8588).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Attestation {
    /// Not signed, or not recorded.
    #[default]
    None,
    /// Full.
    A,
    /// Partial.
    B,
    /// Gateway.
    C,
}

/// Result of verifying the caller's signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Verstat {
    /// Not verified, or not recorded.
    #[default]
    None,
    /// Verified.
    Passed,
    /// Verification failed.
    Failed,
}

/// One normalised record. Text is borrowed from the frame that holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record<'a> {
    /// Call, message, location update or report.
    pub kind: Kind,
    /// Leg.
    pub direction: Direction,
    /// Moment of the call.
    pub phase: Phase,
    /// Set-up of the call, time of the message or update.
    pub start: Timestamp,
    /// Event time: completion of a call, start of anything else.
    pub event: Timestamp,
    /// Node that wrote the record; empty if unknown.
    pub source: &'a str,
    /// Its call reference, cyclic per node; empty if unknown.
    pub id: &'a str,
    /// Number of this partial record.
    pub part: Option<u32>,
    /// Whether this is the last partial record.
    pub last: bool,
    /// Network-wide call reference or ICID; empty if unknown.
    pub call: &'a str,
    /// Network-asserted caller or sender (mobility, subscriber: the subscriber; report: the reported number or sender).
    /// `None` is withheld or not recorded and never an entity.
    pub caller: Option<Party<'a>>,
    /// Called number or recipient.
    pub callee: Option<Party<'a>>,
    /// Presented number where it differs from `caller`.
    pub caller_shown: Option<Party<'a>>,
    /// Number that forwarded.
    pub redirecting: Option<Party<'a>>,
    /// What the plan says of the caller.
    pub caller_plan: Plan,
    /// What the plan says of the callee.
    pub callee_plan: Plan,
    /// Country of the operator whose feed this is.
    pub home: Country,
    /// Conversation time, milliseconds.
    pub duration_ms: Option<u64>,
    /// Whether the call was answered.
    pub answered: Option<bool>,
    /// Release cause.
    pub cause: Option<u16>,
    /// Numbering of `cause`.
    pub cause_scheme: CauseScheme,
    /// IMSI of the served subscriber.
    pub imsi: Option<Digits>,
    /// IMEI of the served subscriber's device, 14 digits.
    pub imei: Option<Digits>,
    /// Serving cell of the served subscriber; empty if unknown.
    pub cell: &'a str,
    /// Visited country of the served subscriber (mobility: where the subscriber is).
    pub roaming: Option<Country>,
    /// Incoming trunk group; empty if unknown.
    pub trunk_in: &'a str,
    /// Outgoing trunk group; empty if unknown.
    pub trunk_out: &'a str,
    /// Whether the trunk table says that `trunk_in` is international.
    pub trunk_in_international: bool,
    /// SMSC or gateway the message came from; empty if unknown.
    pub smsc: &'a str,
    /// Attestation level.
    pub attestation: Attestation,
    /// Verification result.
    pub verstat: Verstat,
    /// Characters of the message.
    pub length: Option<u32>,
    /// Parts of the message.
    pub segments: Option<u32>,
    /// Fingerprint of the text with digits, names and URLs masked; empty if unknown.
    pub template: &'a str,
    /// Registrable domain of a URL in the text; empty if none or unknown.
    pub domain: &'a str,
    /// Mobility: cause of the location update. Report: label.
    pub label: &'a str,
    /// Report: who reports (`test-call`, `hotline`, `bank`, `police`).
    pub reporter: &'a str,
    /// Where `cell` stands, by the cell table.
    pub position: Option<Position>,
    /// Country in which `cell` stands, by the cell table.
    pub cell_country: Option<Country>,
    /// First-level administrative area of `cell`, by the cell table; empty if unknown.
    pub cell_admin1: &'a str,
    /// Whether the cell table says that `cell` reaches over a border.
    pub cell_border: bool,
    /// When the served subscriber's contract began.
    pub activated: Option<Timestamp>,
    /// Kind of contract of the served subscriber (`prepaid`, `business` …); empty if unknown.
    pub segment: &'a str,
    /// Whether the served subscriber is a machine.
    pub m2m: Option<bool>,
    /// Token of the dealer that sold the served subscriber's SIM; empty if unknown.
    pub dealer: &'a str,
    /// Token of the person or company that the served subscriber's SIM is registered to; empty if unknown.
    pub registrant: &'a str,
    /// Who holds the served subscriber's number range, where it is not the operator; empty if unknown.
    pub range_holder: &'a str,
    /// What a record task adds from its memory; nothing in a frame.
    pub enrichment: Enrichment,
}

impl<'a> Record<'a> {
    /// A record of `kind` at `start` with everything else absent.
    #[must_use]
    pub const fn new(kind: Kind, start: Timestamp) -> Self {
        Self::blank(kind, start, "")
    }

    /// The same with another empty text in the place of the constant one. Where that is not known beforehand, it is written from
    /// registers; of constants alone it would be copied, ten lines that are fetched each time.
    #[inline(always)]
    pub(crate) const fn blank(kind: Kind, start: Timestamp, none: &'a str) -> Self {
        Self {
            kind,
            direction: Direction::None,
            phase: Phase::End,
            start,
            event: start,
            source: none,
            id: none,
            part: None,
            last: false,
            call: none,
            caller: None,
            callee: None,
            caller_shown: None,
            redirecting: None,
            caller_plan: Plan::NOTHING,
            callee_plan: Plan::NOTHING,
            home: Country::UNKNOWN,
            duration_ms: None,
            answered: None,
            cause: None,
            cause_scheme: CauseScheme::Q850,
            imsi: None,
            imei: None,
            cell: none,
            roaming: None,
            trunk_in: none,
            trunk_out: none,
            trunk_in_international: false,
            smsc: none,
            attestation: Attestation::None,
            verstat: Verstat::None,
            length: None,
            segments: None,
            template: none,
            domain: none,
            label: none,
            reporter: none,
            position: None,
            cell_country: None,
            cell_admin1: none,
            cell_border: false,
            activated: None,
            segment: none,
            m2m: None,
            dealer: none,
            registrant: none,
            range_holder: none,
            enrichment: Enrichment::NOTHING,
        }
    }

    /// The served subscriber: whose record this is, by which the records log is keyed. A transit leg has none and
    /// goes by its callee, else its caller. `None` if the record names nobody.
    #[must_use]
    pub fn served(&self) -> Option<Party<'a>> {
        match self.direction {
            Direction::Outgoing | Direction::None => self.caller.or(self.callee),
            Direction::Incoming | Direction::Transit => self.callee.or(self.caller),
            Direction::Forwarded => self.redirecting.or(self.callee).or(self.caller),
        }
    }
}
