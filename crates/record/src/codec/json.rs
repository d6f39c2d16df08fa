//! Canonical JSON: one object a message (or line), or an array of them.
//!
//! Text is borrowed from the message unless it has escapes. Unknown fields are ignored. A message that is one flat object goes
//! the short way (`flat`), every other one through sonic-rs.

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::codec::fields::{Field, Fields, Scalar};
use crate::codec::flat::{self, Order};
use crate::codec::values::{Spans, Values};
use crate::codec::{Decoded, RecordError};
use crate::raw::{RawParty, RawRecord};
use crate::record::{Attestation, CauseScheme, Direction, Kind, Phase, Verstat};
use crate::time::Timestamp;

/// Messages of one input.
#[derive(Clone, Debug, Default)]
pub struct JsonMessages {
    order: Order,
    /// What a record without `kind` is.
    kind: Option<Kind>,
}

impl JsonMessages {
    /// Messages of a reference topic: a record without `kind` is of kind `subscriber`.
    #[must_use]
    pub fn reference() -> Self {
        Self { kind: Some(Kind::Subscriber), ..Self::default() }
    }

    /// Where the values of a message stand that is one flat object; `None` of any other, and of one of a reference.
    pub fn values<'a>(&mut self, bytes: &'a [u8], spans: &'a mut Spans) -> Option<Values<'a>> {
        if self.kind.is_some() {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        flat::read(text, &mut self.order, spans)?;
        Some(Values { text, spans })
    }

    /// Reads the records of one message; each is given to `each`.
    ///
    /// # Errors
    /// If the message is no JSON at all: it has no records then.
    pub fn decode<'a>(
        &mut self,
        bytes: &'a [u8],
        mut each: impl FnMut(Result<&mut RawRecord<'a>, RecordError>),
    ) -> Result<(), RecordError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            RecordError::message(format!("a byte that is no UTF-8 at {}", error.valid_up_to()), "UTF-8")
        })?;
        let kind = self.kind;
        let mut give = |fields: &mut Fields<'a>| {
            kind.into_iter().for_each(|kind| fields.default_kind(kind));
            let mut record = RawRecord::new(Kind::Voice, Timestamp::from_ms(0));
            let filled = fields.fill(&mut record);
            each(filled.map(|()| &mut record));
        };
        let mut spans = Spans::default();
        if flat::read(text, &mut self.order, &mut spans).is_some() {
            give(&mut spans.fields(text));
            return Ok(());
        }
        let mut reader = sonic_rs::Deserializer::from_str(text);
        if text.trim_start().starts_with('[') {
            let all = reader.deserialize_seq(Array).map_err(|error| syntax(&error))?;
            reader.end().map_err(|error| syntax(&error))?;
            all.into_iter().for_each(|mut fields| give(&mut fields));
            return Ok(());
        }
        let mut fields = Object.deserialize(&mut reader).map_err(|error| syntax(&error))?;
        reader.end().map_err(|error| syntax(&error))?;
        give(&mut fields);
        Ok(())
    }
}

/// Reads one record from one line.
///
/// # Errors
/// If it is no JSON object, or its fields are wrong.
pub fn decode_line<'a>(bytes: &'a [u8]) -> Decoded<'a> {
    let mut record = Err(RecordError::message("an empty list", "one JSON object"));
    JsonMessages::default().decode(bytes, |decoded| record = decoded.map(|record| record.clone()))?;
    record
}

/// The parser's words without the excerpt that it adds, which could hold a number.
fn syntax(error: &sonic_rs::Error) -> RecordError {
    let place = format!("line {}, column {}", error.line(), error.column());
    RecordError::message(format!("broken JSON at {place}"), "a JSON object, or a list of them")
}

struct Object;

impl<'de> DeserializeSeed<'de> for Object {
    type Value = Fields<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(Name(field)) = map.next_key()? {
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if let Value(Some(value)) = map.next_value()? {
                fields.set(field, value);
            }
        }
        Ok(fields)
    }
}

struct Array;

impl<'de> Visitor<'de> for Array {
    type Value = Vec<Fields<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(fields) = list.next_element_seed(Object)? {
            all.push(fields);
        }
        Ok(all)
    }
}

struct Name(Option<Field>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl Visitor<'_> for Names {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(Name(Field::parse(name)))
            }
        }
        deserializer.deserialize_str(Names)
    }
}

/// A field's value; `None` for null.
struct Value<'a>(Option<Scalar<'a>>);

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalars;
        impl<'de> Visitor<'de> for Scalars {
            type Value = Value<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
                Ok(Value(Some(Scalar::Text(Cow::Borrowed(text)))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
                Ok(Value(Some(Scalar::Text(Cow::Owned(text.to_owned())))))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
                Ok(Value(Some(Scalar::Integer(value))))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
                Ok(Value(Some(i64::try_from(value).map_or(Scalar::Number(value as f64), Scalar::Integer))))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
                Ok(Value(Some(Scalar::Number(value))))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
                Ok(Value(Some(Scalar::Boolean(value))))
            }

            fn visit_unit<E>(self) -> Result<Value<'de>, E> {
                Ok(Value(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Value(Some(Scalar::Other)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value(Some(Scalar::Other)))
            }
        }
        deserializer.deserialize_any(Scalars)
    }
}

/// Appends a record as one canonical JSON object, without a line end.
pub fn encode(record: &RawRecord<'_>, bytes: &mut Vec<u8>) {
    let mut line = String::with_capacity(320);
    line.push('{');
    each_field(record, |field, value| {
        if line.len() > 1 {
            line.push(',');
        }
        // Writing to a string cannot fail.
        let _ = write!(line, "\"{}\":", field.as_str());
        match value {
            Scalar::Text(text) => push_text(&mut line, &text),
            Scalar::Integer(value) => drop(write!(line, "{value}")),
            Scalar::Number(value) => drop(write!(line, "{value}")),
            Scalar::Boolean(value) => drop(write!(line, "{value}")),
            Scalar::Other => line.push_str("null"),
        }
    });
    line.push('}');
    bytes.extend_from_slice(line.as_bytes());
}

fn push_text(line: &mut String, text: &str) {
    line.push('"');
    for character in text.chars() {
        match character {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            control if control < ' ' => drop(write!(line, "\\u{:04x}", u32::from(control))),
            other => line.push(other),
        }
    }
    line.push('"');
}

/// Gives each field that a record has, in canonical order: what all writers write.
pub fn each_field<'r>(record: &'r RawRecord<'_>, mut each: impl FnMut(Field, Scalar<'r>)) {
    let mut give = |field, value: Option<Scalar<'r>>| {
        if let Some(value) = value {
            each(field, value);
        }
    };
    let text = |text: &'r str| Some(Scalar::Text(Cow::Borrowed(text)));
    let some = |value: &'r Option<Cow<'_, str>>| value.as_deref().and_then(text);
    let party = |value: &'r Option<RawParty<'_>>| value.as_ref().and_then(|party| text(&party.text));
    let whole = |value: Option<u32>| value.map(|value| Scalar::Integer(i64::from(value)));
    let moment = |time: crate::Timestamp| Some(Scalar::Text(Cow::Owned(time.to_string())));
    give(Field::Kind, text(record.kind.as_str()));
    give(Field::Source, some(&record.source));
    give(Field::Id, some(&record.id));
    match record.kind {
        Kind::Mobility => {
            give(Field::Time, moment(record.start));
            give(Field::Subscriber, party(&record.caller));
            give(Field::Imsi, some(&record.imsi));
            give(Field::Cell, some(&record.cell));
            give(Field::Country, record.roaming.as_ref().and_then(|country| text(country.as_str())));
            return give(Field::Cause, some(&record.label));
        }
        Kind::Report => {
            give(Field::Time, moment(record.start));
            give(Field::Number, party(&record.caller));
            give(Field::Template, some(&record.template));
            give(Field::Domain, some(&record.domain));
            give(Field::Reporter, some(&record.reporter));
            give(Field::Case, some(&record.call));
            return give(Field::Label, some(&record.label));
        }
        Kind::Subscriber => {
            give(Field::Subscriber, party(&record.caller));
            return attributes(record, give);
        }
        Kind::Voice | Kind::Sms => {}
    }
    give(Field::Part, whole(record.part));
    give(Field::Last, record.last.map(Scalar::Boolean));
    give(Field::Call, some(&record.call));
    give(Field::Phase, text(record.phase.as_str()).filter(|_| record.phase != Phase::End));
    give(Field::Start, moment(record.start));
    give(Field::End, record.end.and_then(moment));
    give(Field::Direction, text(record.direction.as_str()).filter(|_| record.direction != Direction::None));
    give(Field::Caller, party(&record.caller));
    give(Field::Callee, party(&record.callee));
    give(Field::CallerShown, party(&record.caller_shown));
    give(Field::Redirecting, party(&record.redirecting));
    give(
        Field::DurationS,
        record.duration_ms.map(|ms| match ms % 1000 {
            0 => Scalar::Integer((ms / 1000) as i64),
            _ => Scalar::Number(ms as f64 / 1000.0),
        }),
    );
    give(Field::Answered, record.answered.map(Scalar::Boolean));
    give(Field::Cause, record.cause.map(|cause| Scalar::Integer(i64::from(cause))));
    give(Field::CauseScheme, text(record.cause_scheme.as_str()).filter(|_| record.cause_scheme != CauseScheme::Q850));
    give(Field::Imsi, some(&record.imsi));
    give(Field::Imei, some(&record.imei));
    give(Field::Cell, some(&record.cell));
    give(Field::Roaming, record.roaming.as_ref().and_then(|country| text(country.as_str())));
    give(Field::TrunkIn, some(&record.trunk_in));
    give(Field::TrunkOut, some(&record.trunk_out));
    give(Field::Smsc, some(&record.smsc));
    give(Field::Attestation, text(record.attestation.as_str()).filter(|_| record.attestation != Attestation::None));
    give(Field::Verstat, text(record.verstat.as_str()).filter(|_| record.verstat != Verstat::None));
    give(Field::Length, whole(record.length));
    give(Field::Segments, whole(record.segments));
    give(Field::Template, some(&record.template));
    give(Field::Domain, some(&record.domain));
    give(Field::Text, some(&record.text));
    attributes(record, give);
}

fn attributes<'r>(record: &'r RawRecord<'_>, mut give: impl FnMut(Field, Option<Scalar<'r>>)) {
    let some = |value: &'r Option<Cow<'_, str>>| value.as_deref().map(|text| Scalar::Text(Cow::Borrowed(text)));
    let activated = record.activated.map(|time| Scalar::Text(Cow::Owned(time.to_string())));
    give(Field::Activated, activated);
    give(Field::Segment, some(&record.segment));
    give(Field::M2m, record.m2m.map(Scalar::Boolean));
    give(Field::Dealer, some(&record.dealer));
    give(Field::Registrant, some(&record.registrant));
    give(Field::RangeHolder, some(&record.range_holder));
}
