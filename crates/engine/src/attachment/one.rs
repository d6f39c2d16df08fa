//! The attachment of one record, written at once.
//!
//! **Invariant:** it is written as if the record had been added to an empty one.

use lancang_pattern::entity_key::EntityKey;
use lancang_pattern::plan::{EntityPlan, Role};
use lancang_record::log::WireCodec;
use lancang_record::record::Record;

use super::written::{REFERENCE, RELATED, head_of, kind_of};
use super::{Attachment, cut_before, put_key, reference_of, related_hash};

/// Related entities that are put in order on the stack: plans of the shipped pack name four at most.
const FEW: usize = 8;

/// A related entity that the record names: those that are victims stand behind the others, both by hash.
#[derive(Clone, Copy)]
struct Row<'r> {
    order: (bool, u64),
    kind: u8,
    key: EntityKey<'r>,
}

impl Row<'_> {
    const NONE: Self = Self { order: (true, u64::MAX), kind: 0, key: EntityKey::Block(0) };
}

impl Attachment {
    /// Writes the one to which a record alone is added.
    pub(crate) fn write_of(plan: &EntityPlan, record: &Record<'_>, bytes: &mut Vec<u8>) {
        let mut rows = [Row::NONE; FEW];
        let Some(rows) = rows_of(plan, record, &mut rows) else {
            let mut attachment = Self::default();
            attachment.add(plan, record);
            return WireCodec::encode(&attachment, bytes);
        };
        let (at_ms, reference) = (record.event.as_ms(), reference_of(record));
        let references = usize::from(reference.is_some());
        bytes.extend_from_slice(&head_of((at_ms, at_ms), Some(record.home), references, rows.len()));
        let mut length_at = bytes.len() + REFERENCE - 1;
        if reference.is_some() {
            bytes.extend_from_slice(&at_ms.to_le_bytes());
            bytes.push(0);
        }
        for row in rows {
            bytes.extend_from_slice(&row.order.1.to_le_bytes());
            bytes.extend_from_slice(&[row.kind, 0]);
        }
        if let Some(parts) = reference {
            let from = bytes.len();
            parts.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
            let length = cut_before(&bytes[from..], 0);
            bytes.truncate(from + length);
            bytes[length_at] = length as u8;
            length_at += RELATED;
        } else {
            length_at += RELATED - REFERENCE;
        }
        for row in rows {
            let length = put_key(bytes, &row.key);
            bytes[length_at] = length as u8;
            length_at += RELATED;
        }
    }
}

/// The related entities that a record names, in their order; `None` if they are many, or one of them twice.
fn rows_of<'a, 'r>(plan: &EntityPlan, record: &Record<'r>, rows: &'a mut [Row<'r>; FEW]) -> Option<&'a [Row<'r>]> {
    let mut count = 0;
    for (entity, role) in &plan.related {
        let Some(key) = entity.related_key(record) else { continue };
        let order = (*role == Role::Victim, related_hash(*entity, key.hash()));
        let mut place = count;
        *rows.get_mut(place)? = Row { order, kind: kind_of(*entity, *role, 1), key };
        while place > 0 && rows[place - 1].order >= order {
            if rows[place - 1].order == order {
                return None;
            }
            rows.swap(place - 1, place);
            place -= 1;
        }
        count += 1;
    }
    Some(&rows[..count])
}

#[cfg(test)]
pub(super) mod tests {
    use lancang_pattern::plan::EntityType;
    use lancang_pattern::{Pack, PackSources, SourceFile};
    use lancang_record::number::{Digits, E164, Party};
    use lancang_record::record::Kind;
    use lancang_record::{Country, Timestamp};
    use proptest::prelude::*;

    use super::*;

    pub(in super::super) fn pack() -> Pack {
        let text = "id = \"a\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"trunk\"]\nrecords = 'kind == \"voice\"'\n\
                    send = 'kind == \"voice\"'\nwarn = 'calls >= 3'\n[features.calls]\naggregate = \"count\"\nwindow = \"1h\"\n\
                    [weights.calls]\npoints = 100\nfrom = 0\nto = 1\n";
        let source = SourceFile { path: "a.toml".to_owned(), text: text.to_owned() };
        PackSources::new(vec![source], Vec::new()).compile().unwrap()
    }

    const ROLES: [Role; 4] = [Role::Suspect, Role::Used, Role::Impersonated, Role::Victim];

    proptest! {
        /// Of many related entities and few, one of them twice, with texts that are cut.
        #[test]
        fn it_is_what_is_written_of_one_to_which_the_record_was_added(
            related in prop::collection::vec((0_usize..9, 0_usize..4), 0..10),
            texts in prop::array::uniform6(prop_oneof![Just(String::new()), "[a-z/0-9]{1,12}", "[a-z]{0,2}[ก-ฮ]{30,60}"]),
            (caller, callee, imsi) in (0_u64..3, prop::option::of(0_u64..3), prop::option::of(0_u64..3)),
            (at_ms, home) in (any::<i64>(), any::<bool>()),
        ) {
            let mut pack = pack();
            let plan = &mut pack.plan.aggregated[0];
            plan.related = related.iter().map(|(entity, role)| (EntityType::ALL[*entity].1, ROLES[*role])).collect();
            let mut record = Record::new(Kind::Voice, Timestamp::from_ms(at_ms));
            [record.source, record.id, record.cell, record.trunk_in, record.template, record.domain] =
                texts.each_ref().map(String::as_str);
            let number = |number| E164::from_integer(85_512_345_678 + number).map(Party::Number);
            record.caller = if caller == 2 { Some(Party::Text("WINGBANK")) } else { number(caller) };
            record.callee = callee.and_then(number);
            record.imsi = imsi.and_then(|imsi| Digits::parse(&format!("45601000000000{imsi}")));
            record.home = if home { Country::UNKNOWN } else { Country::parse("kh").unwrap() };
            let mut whole = Attachment::default();
            whole.add(plan, &record);
            let mut expected = vec![9];
            WireCodec::encode(&whole, &mut expected);
            let mut bytes = vec![9];
            Attachment::write_of(plan, &record, &mut bytes);
            prop_assert_eq!(bytes, expected);
        }
    }
}
