//! A record in the bytes of a frame: a fixed head, what the presence bits say in the order of the bits, and all texts.
//!
//! ```text
//! record := bits u64 | start i64 | event − start, i64 zigzag varint | kind, direction, phase, small flags u32 | fields
//!           | further | texts
//! bits   := presence, 34 bits | bytes of all texts, 30 bits                                        (all little-endian)
//! further := nothing, or by the last presence bit: presence u16 | fields of the cell table and of the subscriber
//! text   := length varint among the fields, UTF-8 among the texts    party := text or u64, by a bit
//! ```
//!
//! **Invariant:** what is absent takes no byte, decoding borrows every text, and the texts stand together so that one
//! check of UTF-8 does for all. It is read millions of times a second: a general encoding took 290 ns a record here
//! (`benches/RESULTS.md`).

mod read;
mod write;

pub(crate) use read::{Damaged, decode};
pub(crate) use write::encode;

mod bit {
    pub const SOURCE: u64 = 1;
    pub const ID: u64 = 1 << 1;
    pub const PART: u64 = 1 << 2;
    pub const CALL: u64 = 1 << 3;
    pub const CALLER: u64 = 1 << 4;
    pub const CALLER_IS_TEXT: u64 = 1 << 5;
    pub const CALLEE: u64 = 1 << 6;
    pub const CALLEE_IS_TEXT: u64 = 1 << 7;
    pub const SHOWN: u64 = 1 << 8;
    pub const SHOWN_IS_TEXT: u64 = 1 << 9;
    pub const REDIRECTING: u64 = 1 << 10;
    pub const REDIRECTING_IS_TEXT: u64 = 1 << 11;
    pub const CALLER_PLAN: u64 = 1 << 12;
    pub const CALLEE_PLAN: u64 = 1 << 13;
    pub const DURATION: u64 = 1 << 14;
    pub const ANSWERED: u64 = 1 << 15;
    pub const ANSWERED_YES: u64 = 1 << 16;
    pub const CAUSE: u64 = 1 << 17;
    pub const IMSI: u64 = 1 << 18;
    pub const IMEI: u64 = 1 << 19;
    pub const CELL: u64 = 1 << 20;
    pub const ROAMING: u64 = 1 << 21;
    pub const TRUNK_IN: u64 = 1 << 22;
    pub const TRUNK_OUT: u64 = 1 << 23;
    pub const SMSC: u64 = 1 << 24;
    pub const LENGTH: u64 = 1 << 25;
    pub const SEGMENTS: u64 = 1 << 26;
    pub const TEMPLATE: u64 = 1 << 27;
    pub const DOMAIN: u64 = 1 << 28;
    pub const LABEL: u64 = 1 << 29;
    pub const REPORTER: u64 = 1 << 30;
    pub const LAST: u64 = 1 << 31;
    pub const INTERNATIONAL: u64 = 1 << 32;
    pub const FURTHER: u64 = 1 << 33;
    /// What most records do not have, behind all that they have: one question for all of it.
    pub const SELDOM: u64 = ROAMING | TRUNK_IN | TRUNK_OUT | SMSC | OF_TEXT;
    /// What calls do not have of it.
    pub const OF_TEXT: u64 = LENGTH | SEGMENTS | TEMPLATE | DOMAIN | LABEL | REPORTER;
    /// Where the bytes of all texts begin.
    pub const TEXTS: u32 = 34;
}

/// Presence bits of the further fields: records without a cell table's or a subscriber's columns have none.
mod further {
    pub const POSITION: u64 = 1;
    pub const COUNTRY: u64 = 1 << 1;
    pub const ADMIN1: u64 = 1 << 2;
    pub const BORDER: u64 = 1 << 3;
    pub const ACTIVATED: u64 = 1 << 4;
    pub const SEGMENT: u64 = 1 << 5;
    pub const M2M: u64 = 1 << 6;
    pub const M2M_YES: u64 = 1 << 7;
    pub const DEALER: u64 = 1 << 8;
    pub const REGISTRANT: u64 = 1 << 9;
    pub const RANGE_HOLDER: u64 = 1 << 10;
    /// What is there of the subscriber alone, behind all that is of the cell.
    pub const OF_SUBSCRIBER: u64 = ACTIVATED | SEGMENT | M2M | DEALER | REGISTRANT | RANGE_HOLDER;
    /// All of this version.
    pub const ALL: u64 = (1 << 11) - 1;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::write::FIELDS_MAX;
    use super::{decode, encode};
    use crate::number::{Country, Digits, E164, LineType, Mark, Party, Plan};
    use crate::place::Position;
    use crate::record::{Attestation, CauseScheme, Direction, Kind, Phase, Record, Verstat};
    use crate::time::Timestamp;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), "[a-z0-9-]{1,20}", "\\PC{1,200}"]
    }

    fn party() -> impl Strategy<Value = Option<Result<u64, String>>> {
        prop::option::of(prop_oneof![
            (1_u64..1_000_000_000_000_000_000).prop_map(Ok),
            "[A-Za-z0-9*#]{1,30}".prop_map(Err),
        ])
    }

    fn made<'a>(party: &'a Option<Result<u64, String>>) -> Option<Party<'a>> {
        match party {
            None => None,
            Some(Ok(number)) => E164::from_integer(*number).map(Party::Number),
            Some(Err(text)) => Some(Party::Text(text)),
        }
    }

    fn plan((line, flags, mark, country): (usize, u8, u8, bool)) -> Plan {
        Plan {
            country: if country { Country::parse("KH").unwrap() } else { Country::UNKNOWN },
            line: LineType::ALL[line],
            possible: flags & 1 != 0,
            allocated: flags & 2 != 0,
            own: flags & 4 != 0,
            mark: [Mark::None, Mark::InternetFromAbroad, Mark::FromAbroad][usize::from(mark)],
        }
    }

    /// The fields are gathered in room of a fixed size: nothing that a record can hold is more.
    #[test]
    fn the_largest_record_fits() {
        let text = "x".repeat(1 << 20);
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(i64::MAX));
        record.event = Timestamp::from_ms(0);
        let (named, country) = (Some(Party::Text(&text)), Country::parse("KH"));
        (record.caller, record.callee, record.caller_shown, record.redirecting) = (named, named, named, named);
        record.caller_plan = plan((1, 7, 1, true));
        record.callee_plan = record.caller_plan;
        (record.source, record.id, record.call, record.cell) = (&text, &text, &text, &text);
        (record.trunk_in, record.trunk_out, record.smsc) = (&text, &text, &text);
        (record.template, record.domain, record.label, record.reporter) = (&text, &text, &text, &text);
        (record.cell_admin1, record.segment, record.dealer) = (&text, &text, &text);
        (record.registrant, record.range_holder) = (&text, &text);
        (record.part, record.length, record.segments) = (Some(u32::MAX), Some(u32::MAX), Some(u32::MAX));
        (record.duration_ms, record.cause) = (Some(u64::MAX), Some(u16::MAX));
        (record.answered, record.m2m, record.cell_border) = (Some(true), Some(true), true);
        (record.roaming, record.cell_country) = (country, country);
        record.imsi = Digits::parse("456010123456789");
        record.imei = Digits::parse("05693803564380");
        record.position = Position::new(900_000, 1_800_000);
        record.activated = Some(Timestamp::from_ms(i64::MAX));
        let mut bytes = Vec::new();
        encode(&record, &mut bytes);
        let mut found = Record::new(Kind::Voice, Timestamp::MIN);
        assert_eq!(decode(&bytes, &mut found), Ok(()));
        assert_eq!(found, record);
        assert!(bytes.len() - 20 * text.len() < FIELDS_MAX);
    }

    proptest! {
        #[test]
        fn every_record_comes_back(
            kinds in (0_usize..5, 0_usize..5, 0_usize..3, 0_usize..2, 0_usize..4, 0_usize..3),
            times in (any::<i64>(), any::<i64>()),
            texts in prop::collection::vec(text(), 16),
            parties in prop::collection::vec(party(), 4),
            plans in prop::collection::vec((0_usize..12, 0_u8..8, 0_u8..3, any::<bool>()), 2),
            numbers in (
                prop::option::of(any::<u32>()), prop::option::of(any::<u64>()), prop::option::of(any::<u16>()),
                prop::option::of(any::<u32>()), prop::option::of(any::<u32>()),
            ),
            flags in (any::<bool>(), any::<bool>(), prop::option::of(any::<bool>()), any::<bool>()),
            further in (
                prop::option::of((-900_000_i32..=900_000, -1_800_000_i32..=1_800_000)), any::<bool>(), any::<bool>(),
                prop::option::of(any::<i64>()), prop::option::of(any::<bool>()), any::<bool>(),
            ),
            cut in any::<prop::sample::Index>(),
        ) {
            let kind = Kind::ALL[kinds.0];
            let mut record = Record::new(kind, Timestamp::from_ms(times.0));
            record.event = Timestamp::from_ms(times.1);
            record.direction = [
                Direction::None, Direction::Outgoing, Direction::Incoming, Direction::Transit, Direction::Forwarded,
            ][kinds.1];
            record.phase = [Phase::End, Phase::Start, Phase::Interim][kinds.2];
            record.cause_scheme = [CauseScheme::Q850, CauseScheme::Sip][kinds.3];
            record.attestation = [Attestation::None, Attestation::A, Attestation::B, Attestation::C][kinds.4];
            record.verstat = [Verstat::None, Verstat::Passed, Verstat::Failed][kinds.5];
            (record.source, record.id, record.call, record.cell) = (&texts[0], &texts[1], &texts[2], &texts[3]);
            (record.trunk_in, record.trunk_out, record.smsc) = (&texts[4], &texts[5], &texts[6]);
            (record.template, record.domain, record.label, record.reporter) =
                (&texts[7], &texts[8], &texts[9], &texts[10]);
            (record.caller, record.callee) = (made(&parties[0]), made(&parties[1]));
            (record.caller_shown, record.redirecting) = (made(&parties[2]), made(&parties[3]));
            (record.caller_plan, record.callee_plan) = (plan(plans[0]), plan(plans[1]));
            record.home = Country::parse("LA").unwrap();
            (record.part, record.duration_ms, record.cause, record.length, record.segments) = numbers;
            (record.last, record.trunk_in_international, record.answered) = (flags.0, flags.1, flags.2);
            if flags.3 {
                record.roaming = Country::parse("VN");
                record.imsi = Digits::parse("456010123456789");
                record.imei = Digits::parse("05693803564380");
            }
            if further.5 {
                record.position = further.0.and_then(|(latitude, longitude)| Position::new(latitude, longitude));
                record.cell_country = further.1.then(|| Country::parse("TH").unwrap());
                record.cell_border = further.2;
                record.activated = further.3.map(Timestamp::from_ms);
                record.m2m = further.4;
                (record.cell_admin1, record.segment, record.dealer) = (&texts[11], &texts[12], &texts[13]);
                (record.registrant, record.range_holder) = (&texts[14], &texts[15]);
            }
            let mut bytes = Vec::new();
            encode(&record, &mut bytes);
            let mut found = Record::new(Kind::Voice, Timestamp::MIN);
            prop_assert_eq!(decode(&bytes, &mut found), Ok(()));
            prop_assert_eq!(found, record);
            // Cut anywhere, it is no record; a panic would fail the test as well.
            prop_assert!(decode(&bytes[..cut.index(bytes.len())], &mut found).is_err());
        }

        #[test]
        fn any_bytes_are_a_record_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = decode(&bytes, &mut Record::new(Kind::Voice, Timestamp::MIN));
        }
    }
}
