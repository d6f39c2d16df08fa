//! What a record task knows of a served subscriber in numbers, in one row: so comparisons with all of them are one loop.

use lancang_record::record::Record;

use crate::fields::NumberField;

/// What is known of a served subscriber in numbers: 0 where it is not, else one more than the value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownNumbers([u32; Self::FIELDS.len()]);

impl KnownNumbers {
    const FIELDS: [NumberField; 8] = [
        NumberField::AgeS,
        NumberField::ReceivedS,
        NumberField::SeenS,
        NumberField::ImsiChangedS,
        NumberField::ImeiChangedS,
        NumberField::ForwardChangedS,
        NumberField::DistanceM,
        NumberField::SpeedMh,
    ];

    /// Where a field stands, if it is one of them.
    pub(crate) fn place(field: NumberField) -> Option<u8> {
        Self::FIELDS.iter().position(|own| *own == field).map(|place| place as u8)
    }

    #[inline(always)]
    pub(crate) fn of(record: &Record<'_>) -> Self {
        let known = &record.enrichment;
        let numbers = [
            known.age_s,
            known.received_s,
            known.seen_s,
            known.imsi_changed_s,
            known.imei_changed_s,
            known.forward_changed_s,
            known.distance_m,
            known.speed_mh,
        ];
        Self(numbers.map(|number| number.get().map_or(0, |value| value + 1)))
    }

    #[inline(always)]
    pub(crate) const fn at(&self, place: u8) -> u32 {
        self.0[place as usize % Self::FIELDS.len()]
    }
}

#[cfg(test)]
mod tests {
    use lancang_record::Timestamp;
    use lancang_record::enrichment::Known;
    use lancang_record::record::Kind;

    use super::*;

    #[test]
    fn each_stands_in_its_place() {
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(0));
        assert_eq!(KnownNumbers::of(&record).0, [0; KnownNumbers::FIELDS.len()]);
        let known = &mut record.enrichment;
        (known.age_s, known.received_s, known.seen_s) = (Known::new(1), Known::new(2), Known::new(3));
        (known.imsi_changed_s, known.imei_changed_s) = (Known::new(4), Known::new(5));
        (known.forward_changed_s, known.distance_m) = (Known::new(6), Known::new(0));
        known.speed_mh = Known::new(u64::MAX);
        for field in KnownNumbers::FIELDS {
            let of_field = field.value(&record).map(|value| value as u32 + 1);
            assert_eq!(
                KnownNumbers::place(field).map(|place| KnownNumbers::of(&record).at(place)),
                of_field,
                "{field:?}"
            );
        }
        assert_eq!(KnownNumbers::place(NumberField::DurationMs), None);
    }
}
