//! Certificates that are shown to a cluster's brokers or to browsers, and the authorities that are believed: whether they count.

use std::path::Path;

use lancang_record::Timestamp;

use super::Finding;
use crate::certificates::{Validity, believed, read, shown};
use crate::config::Cluster;
use crate::exit::Exit;

/// Less than this is worth a look: as soon as `LancangCertificateExpires` says so.
const LOOK_DAYS: i64 = 21;
const DAY_MS: i64 = 86_400_000;

/// Both of a cluster.
pub(super) fn of_cluster(cluster: &Cluster, now: Timestamp) -> Vec<Finding> {
    let shown = shown(cluster).map(|path| of_chain(&path, now));
    shown.into_iter().chain(believed(cluster).map(|path| of_authorities(&path, now))).collect()
}

/// Of a certificate and those between it and its authority: the first that ends.
pub(super) fn of_chain(path: &Path, now: Timestamp) -> Finding {
    finding(
        path,
        "a certificate of its authority, and a restart (of a console's own SIGHUP): they are read at the start",
        now,
        |found| {
            let first = found.iter().min_by_key(|it| it.until).copied();
            // Of one that is not there yet nothing else matters.
            found.iter().find(|it| it.from > now).copied().or(first)
        },
    )
}

/// Of authorities: the last that ends of those that count now.
fn of_authorities(path: &Path, now: Timestamp) -> Finding {
    let remedy = "the authority's new certificate beside the old one, before brokers show one of it, and a restart";
    finding(path, remedy, now, |found| {
        let counting = found.iter().filter(|it| it.from <= now);
        counting.max_by_key(|it| it.until).or(found.first()).copied()
    })
}

fn finding(path: &Path, remedy: &str, now: Timestamp, which: impl Fn(&[Validity]) -> Option<Validity>) -> Finding {
    let what = path.display().to_string();
    let bad = |found: String, remedy: &str| Finding::bad("keys", what.clone(), found, remedy, Exit::Configuration);
    let found = match read(path) {
        Ok(found) => found,
        Err(error) => {
            return bad(error.to_string(), "its name in the options, and that this user may read it");
        }
    };
    let Some(validity) = which(&found) else { return bad("it has no certificate".to_owned(), remedy) };
    if validity.from > now {
        return bad(format!("counts from {} on", validity.from), "is this machine's clock right? Otherwise wait");
    }
    let left_ms = validity.until.as_ms() - now.as_ms();
    let told = format!("counts until {}, {} days more", validity.until, left_ms.div_euclid(DAY_MS));
    match left_ms {
        ..0 => bad(format!("ended {}", validity.until), remedy),
        left if left < LOOK_DAYS * DAY_MS => Finding::look("keys", what, told, remedy),
        _ => Finding::good("keys", what, told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lancang_record::codec::fields::parse_time;

    use crate::doctor::State;

    const NOW: &str = "2026-06-01T00:00:00Z";

    fn file(years: &[(i32, u8)]) -> tempfile::NamedTempFile {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = |(year, month): &(i32, u8)| {
            let mut of = rcgen::CertificateParams::new(vec!["kh".to_owned()]).unwrap();
            of.not_before = rcgen::date_time_ymd(if *year > 2030 { 2029 } else { 2020 }, 1, 1);
            of.not_after = rcgen::date_time_ymd(*year, *month, 10);
            of.self_signed(&key).unwrap().pem()
        };
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), years.iter().map(made).collect::<String>()).unwrap();
        file
    }

    /// Of a chain, and of the same as authorities.
    fn states(years: &[(i32, u8)]) -> (State, State) {
        let (file, now) = (file(years), parse_time("now", NOW).unwrap());
        (of_chain(file.path(), now).state, of_authorities(file.path(), now).state)
    }

    #[test]
    fn a_chain_ends_with_its_first_and_authorities_with_their_last() {
        assert_eq!(states(&[(2027, 1)]), (State::Good, State::Good));
        assert_eq!(states(&[(2026, 6)]), (State::Look, State::Look), "nine days");
        assert_eq!(states(&[(2026, 5)]), (State::Bad, State::Bad), "it ended");
        assert_eq!(states(&[(2027, 1), (2026, 6)]), (State::Look, State::Good));
        assert_eq!(states(&[(2026, 5), (2027, 1)]), (State::Bad, State::Good));
        assert_eq!(states(&[(2031, 1)]), (State::Bad, State::Bad), "not yet");
        assert_eq!(states(&[(2026, 5), (2031, 1)]), (State::Bad, State::Bad), "the only one that counts has ended");
        let nowhere = of_chain(Path::new("/nowhere.pem"), parse_time("now", NOW).unwrap());
        assert_eq!((nowhere.state, nowhere.exit), (State::Bad, Exit::Configuration));
    }
}
