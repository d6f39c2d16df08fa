//! From a call or message to the records that the networks on its way write of it.
//!
//! | who calls whom | records |
//! |---|---|
//! | subscriber of the operator → the same | outgoing, incoming |
//! | → another operator of the country | outgoing; the other way incoming |
//! | → another country | outgoing; at a country of these six also transit of its gateway, and incoming |
//! | a number shown on an international trunk | transit, incoming |
//! | a subscriber abroad → home | outgoing in the visited network; transit and incoming at home |
//! | home → a subscriber abroad | incoming at home without a cell; transit and incoming in the visited network |
//!
//! A record reaches its feed up to 8.5 s after its event, by a hash of its reference: drawing another operator's
//! traffic changes nothing here.

use lancang_record::record::{Direction, Kind, Phase};

use crate::draw::{below, mix};
use crate::generator::{Feed, FeedKind};
use crate::geography::NO_CELL;
use crate::messy;
use crate::outbox::Outbox;
use crate::population::Subscriber;
use crate::row::{NO_DIGITS, Names, Node, Row, Who, fixed};
use crate::texts::Text;
use crate::world::OPERATORS;

/// Between two interim records of a call.
const INTERIM_MS: u32 = 300_000;

/// A subscriber with what it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// Who.
    pub who: Subscriber,
    /// IMSI.
    pub imsi: u64,
    /// IMEI, 14 digits.
    pub imei: u64,
    /// Cell, of the visited operator where one is visited.
    pub cell: u32,
    /// Operator whose network is visited.
    pub visiting: Option<usize>,
}

/// One end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A subscriber of one of the operators.
    Own(Own),
    /// A number of another operator of the other end's country.
    OffNet(u64),
    /// A number that comes over, or is reached over, a trunk between the other end's operator and this one.
    Abroad {
        /// Digits.
        digits: u64,
        /// Index of the operator at the far end of the trunk.
        over: usize,
        /// Which of its lines.
        line: u64,
    },
}

impl End {
    fn who(&self) -> Who {
        match self {
            Self::Own(own) => Who::number(own.who.digits()),
            Self::OffNet(digits) | Self::Abroad { digits, .. } => Who::number(*digits),
        }
    }
}

/// Who forwarded a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirecting {
    /// Nobody.
    No,
    /// A number somewhere else.
    Number(u64),
    /// A subscriber, whose switch writes a record of it.
    Own(Own),
}

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who calls.
    pub caller: End,
    /// Who is called, or forwarded to.
    pub callee: End,
    /// Set-up, milliseconds since the Unix epoch.
    pub start_ms: i64,
    /// Ringing.
    pub ringing_ms: u32,
    /// Conversation; 0 is unanswered.
    pub duration_ms: u32,
    /// Who forwarded.
    pub redirecting: Redirecting,
}

/// Who sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A subscriber.
    Own(Own),
    /// The text's registered or shown sender.
    Named,
    /// A number of somewhere else.
    Number(u64),
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sends it.
    pub sender: Sender,
    /// Who gets it.
    pub callee: Own,
    /// When.
    pub start_ms: i64,
    /// What it says.
    pub text: Text,
    /// Place of the centre that it came from in [`Names`]; 0 for the operator's own.
    pub smsc: u32,
}

/// A location update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Update {
    /// Who and where.
    pub own: Own,
    /// When.
    pub at_ms: i64,
}

/// Somebody reports a number, a sender or a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Index of the operator who hears of it.
    pub operator: usize,
    /// Number or sender.
    pub of: Who,
    /// Place of a domain in [`Names`]; 0 for none.
    pub domain: u32,
    /// Place of who reports.
    pub reporter: u32,
    /// Place of what it is said to be.
    pub label: u32,
    /// When.
    pub at_ms: i64,
}

/// Writes records into the outbox.
pub struct Legs<'o> {
    /// Where they wait.
    pub outbox: &'o mut Outbox,
    /// Whether calls also have records of their beginning and of every five minutes.
    pub phases: bool,
    /// Whether feeds are as they are.
    pub messy: bool,
    /// Places of the label of location updates and of the operators' message centres.
    pub places: Places,
}

/// Places of names that every record may need.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places {
    /// Cause of a location update that comes by the clock.
    pub periodic: u32,
    /// Message centres of the operators.
    pub smsc: [u32; OPERATORS.len()],
}

impl Places {
    /// Adds them.
    #[must_use]
    pub fn new(names: &mut Names) -> Self {
        let mut smsc = [0; OPERATORS.len()];
        for (place, operator) in smsc.iter_mut().zip(&OPERATORS) {
            *place = names.add(&format!("{}-smsc1", operator.letters));
        }
        Self { periodic: names.add("periodic"), smsc }
    }
}

impl Legs<'_> {
    /// All records of a call.
    pub fn call(&mut self, call: &Call, reference: u64) {
        let home = match (&call.caller, &call.callee) {
            (End::Own(own), _) => own.visiting.unwrap_or(own.who.operator),
            (_, End::Own(own)) => own.who.operator,
            _ => match call.redirecting {
                Redirecting::Own(own) => own.who.operator,
                _ => return,
            },
        };
        if let End::Own(caller) = &call.caller {
            self.outgoing(call, caller, home, reference);
        }
        if let Redirecting::Own(victim) = &call.redirecting {
            let mut row = leg(call, victim.who.operator, Direction::Forwarded, Node::Msc, reference);
            serve(&mut row, victim);
            row.trunk_in = fixed::OFF_NET;
            self.voice(row);
        }
        let End::Own(callee) = &call.callee else { return };
        if let Some(visited) = callee.visiting {
            let mut row = leg(call, callee.who.operator, Direction::Incoming, Node::Msc, reference);
            serve(&mut row, callee);
            (row.roaming, row.cell, row.imei) = (Some(visited as u8), NO_CELL, NO_DIGITS);
            row.trunk_in = fixed::GATEWAY;
            self.voice(row);
        }
        let at = callee.visiting.unwrap_or(callee.who.operator);
        let trunk = match &call.caller {
            // To a subscriber abroad the way leads over home.
            _ if callee.visiting.is_some() => Names::international(callee.who.operator, at, reference),
            End::Own(_) if home == at => fixed::DOMESTIC,
            End::Own(own) => Names::international(home, at, own.who.index),
            End::OffNet(_) => fixed::OFF_NET,
            End::Abroad { over, line, .. } => Names::international(*over, at, *line),
        };
        self.arriving(call, callee, at, trunk, reference);
    }

    /// Transit of the gateway where a call comes from another country, and the leg of who is called.
    fn arriving(&mut self, call: &Call, callee: &Own, at: usize, trunk: u32, reference: u64) {
        let international = trunk >= fixed::INTERNATIONAL;
        if international {
            let mut row = leg(call, at, Direction::Transit, Node::Gateway, reference);
            row.trunk_in = trunk;
            self.voice(row);
        }
        let mut row = leg(call, at, Direction::Incoming, Node::Msc, reference);
        serve(&mut row, callee);
        // Behind the gateway the international trunk is no longer seen.
        row.trunk_in = if international { fixed::GATEWAY } else { trunk };
        self.voice(row);
    }

    fn outgoing(&mut self, call: &Call, caller: &Own, at: usize, reference: u64) {
        let mut row = leg(call, at, Direction::Outgoing, Node::Msc, reference);
        serve(&mut row, caller);
        row.roaming = caller.visiting.map(|visited| visited as u8);
        row.trunk_out = match &call.callee {
            End::Own(callee) if callee.who.operator == at => fixed::DOMESTIC,
            End::Own(callee) => Names::international(at, callee.who.operator, reference),
            End::OffNet(_) => fixed::OFF_NET,
            End::Abroad { over, line, .. } => Names::international(at, *over, *line),
        };
        self.voice(row);
    }

    fn voice(&mut self, row: Row) {
        if self.phases {
            let moment = |phase, duration_ms: Option<u32>| {
                let mut moment = Row { phase, duration_ms, end_after_ms: None, ..row };
                moment.at_ms = moment.event_ms() + 200 + below(mix(row.reference, 3, 0), 800) as i64;
                moment
            };
            self.outbox.push(moment(Phase::Start, None));
            let whole = row.duration_ms.unwrap_or(0);
            for duration in (INTERIM_MS..whole).step_by(INTERIM_MS as usize) {
                self.outbox.push(moment(Phase::Interim, Some(duration)));
            }
        }
        self.deliver(row);
    }

    fn deliver(&mut self, mut row: Row) {
        row.at_ms = row.event_ms() + 500 + below(mix(row.reference, 1, row.direction as u64), 8000) as i64;
        if self.messy {
            messy::mess(row, |row| self.outbox.push(row));
        } else {
            self.outbox.push(row);
        }
    }

    /// All records of a message.
    pub fn message(&mut self, message: &Message, reference: u64) {
        let callee = &message.callee;
        let places = self.places;
        let leg = |at: usize, direction| {
            let feed = Feed { operator: at, kind: FeedKind::Sms };
            // A message centre numbers its two records apart.
            let reference = reference << 1 | u64::from(direction == Direction::Incoming);
            let mut row = Row::new(feed, Kind::Sms, Node::Smsc, reference, message.start_ms);
            row.direction = direction;
            row.caller = match message.sender {
                Sender::Own(own) => Who::number(own.who.digits()),
                Sender::Named => Who::name(message.text.sender),
                Sender::Number(digits) => Who::number(digits),
            };
            row.callee = Who::number(callee.who.digits());
            (row.template, row.domain, row.length) = (message.text.template, message.text.domain, message.text.length);
            row.smsc = if message.smsc > 0 { message.smsc } else { places.smsc[at] };
            row
        };
        if let Sender::Own(own) = &message.sender {
            let mut row = leg(own.who.operator, Direction::Outgoing);
            serve(&mut row, own);
            self.deliver(row);
        }
        let mut row = leg(callee.who.operator, Direction::Incoming);
        serve(&mut row, callee);
        self.deliver(row);
    }

    /// A location update.
    pub fn update(&mut self, update: &Update, reference: u64) {
        let own = &update.own;
        let feed = Feed { operator: own.who.operator, kind: FeedKind::Mobility };
        let mut row = Row::new(feed, Kind::Mobility, Node::Vlr, reference, update.at_ms);
        row.caller = Who::number(own.who.digits());
        row.imsi = own.imsi;
        row.roaming = Some(own.visiting.unwrap_or(own.who.operator) as u8);
        row.cell = if own.visiting.is_some() { NO_CELL } else { own.cell };
        row.label = self.places.periodic;
        row.at_ms += 500;
        self.outbox.push(row);
    }

    /// A report; it comes in by the voice feed.
    pub fn report(&mut self, report: &Report, reference: u64) {
        let feed = Feed { operator: report.operator, kind: FeedKind::Voice };
        let mut row = Row::new(feed, Kind::Report, Node::Desk, reference, report.at_ms);
        (row.caller, row.domain) = (report.of, report.domain);
        (row.reporter, row.label) = (report.reporter, report.label);
        row.at_ms += 1000;
        self.outbox.push(row);
    }
}

fn leg(call: &Call, at: usize, direction: Direction, node: Node, reference: u64) -> Row {
    let feed = Feed { operator: at, kind: FeedKind::Voice };
    let mut row = Row::new(feed, Kind::Voice, node, reference, call.start_ms);
    row.direction = direction;
    row.end_after_ms = Some(call.ringing_ms + call.duration_ms);
    row.duration_ms = Some(call.duration_ms);
    (row.caller, row.callee) = (call.caller.who(), call.callee.who());
    row.redirecting = match &call.redirecting {
        Redirecting::No => Who::NONE,
        Redirecting::Number(digits) => Who::number(*digits),
        Redirecting::Own(own) => Who::number(own.who.digits()),
    };
    row
}

fn serve(row: &mut Row, own: &Own) {
    (row.imsi, row.imei, row.cell) = (own.imsi, own.imei, own.cell);
    if own.visiting.is_some_and(|visited| visited != row.feed.operator) {
        row.cell = NO_CELL;
    }
}
