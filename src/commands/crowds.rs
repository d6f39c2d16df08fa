//! `lancang crowds`: how many own subscribers share what alerts tell of one.

use anyhow::Context as _;
use lancang_alert::Site;
use lancang_alert::crowds::{Count, Sighting};
use lancang_intake::files::{FileInput, FilesInStep};
use lancang_intake::{IntakeOutputs, Network};
use lancang_record::log::Entry;
use lancang_record::number::Party;
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, Timestamp};

use super::{feeds, output, replay};
use crate::cli;
use crate::exit::{Exit, Failure};
use crate::{mapping_file, network};

const HOUR_MS: i64 = 3_600_000;

/// Runs the command.
///
/// # Errors
/// If a file cannot be read, or the table cannot be written.
pub fn run(args: &cli::crowds::Crowds) -> anyhow::Result<()> {
    let records = &args.records;
    let home = records.country.as_deref().and_then(Country::parse);
    let home =
        home.ok_or_else(|| Failure::new(Exit::Usage, "--country: expected two letters of ISO 3166-1, such as KH"))?;
    let cells = network::cells(records.cells.as_deref())?;
    let network = Network { cells, ..network::read(&records.own, records.trunks.as_deref())? };
    let mapping = records.mapping.as_deref().map(mapping_file::read).transpose()?;
    let mut count = Count::new(args.at_least);
    for path in &args.files {
        let (name, bytes, _) = replay::open(path)?;
        let settings = feeds::looked_at(replay::feed(records, home, path, mapping.as_ref()));
        let mut input = FilesInStep::default();
        input.add(FileInput::open(&name, bytes, settings, 1).with_context(|| format!("cannot read {name}"))?);
        let mut read = IntakeOutputs::default();
        loop {
            let more = input.step(&network, &mut read);
            let more = more.map_err(|error| Failure::new(Exit::Data, error.to_string()))?;
            read.entries.drain(..).for_each(|(_, entry)| of_entry(&mut count, &network, &entry));
            read.dead.clear();
            read.late.clear();
            if !more {
                break;
            }
        }
    }
    let left_out = count.left_out();
    if left_out > 0 {
        tracing::warn!(left_out, "too many crowds: those that came last count as too small");
    }
    let crowds = count.write(output(&args.out)?).context("cannot write the table")?;
    tracing::info!(crowds, at_least = args.at_least, "crowds counted");
    Ok(())
}

fn of_entry(count: &mut Count, network: &Network, entry: &[u8]) {
    let Ok(Entry::Frame(mut frame)) = Entry::decode(entry) else { return };
    let mut record = Record::new(Kind::Voice, Timestamp::MIN);
    while let Some((_, read)) = frame.next_into(&mut record) {
        if read.is_ok() {
            of_record(count, network, &record);
        }
    }
}

/// Takes an own subscriber's record: of a device and a cell it names the served one's.
fn of_record(count: &mut Count, network: &Network, record: &Record<'_>) {
    let served = match record.direction {
        Direction::Outgoing => record.caller,
        Direction::Incoming => record.callee,
        _ => None,
    };
    let Some(Party::Number(number)) = served.filter(|_| matches!(record.kind, Kind::Voice | Kind::Sms)) else { return };
    if !network.own.contains(number) {
        return;
    }
    let text =
        |digits: Option<lancang_record::number::Digits>| digits.map_or_else(String::new, |digits| digits.to_string());
    let degrees = |of_10_000: i32| f64::from(of_10_000) / 10_000.0;
    let site = network.cells.site(record.cell).map(|site| Site {
        latitude: degrees(site.position.latitude()),
        longitude: degrees(site.position.longitude()),
        country: site.country.map(|country| country.to_string()),
        admin1: Some(site.admin1).filter(|area| !area.is_empty()).map(str::to_owned),
    });
    let hour = record.event.as_ms().div_euclid(HOUR_MS).rem_euclid(24) as u32;
    let (number, imsi, imei) = (number.to_string(), text(record.imsi), text(record.imei));
    count.add(&network.plans, &Sighting { number: &number, imsi: &imsi, imei: &imei, site: site.as_ref(), hour });
}
