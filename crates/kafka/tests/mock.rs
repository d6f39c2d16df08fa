//! The demo's embedded broker: enough for a group with companions and for transactional commits.

mod support;

use std::sync::Arc;
use std::time::Duration;

use lancang_kafka::{Connection, Isolation, Mock};
use support::Stage;

#[test]
fn a_group_and_its_companion_work_on_the_mock() {
    let topics = ["in", "side", "out"].map(|name| (name.to_owned(), 2));
    let mock = Mock::start(&topics).unwrap();
    let stage = Stage {
        connection: Connection::new(mock.bootstrap(), "test"),
        input: "in".into(),
        side: "side".into(),
        out: Arc::from("out"),
        group: "group".into(),
        partitions: 2,
        transaction_timeout: Duration::from_secs(10),
        group_option: None,
    };
    stage.feed(0, 100);
    let mut member = stage.member("a");
    member.turn_until("all is done", |member| member.app.read == 400 && member.app.all_committed());
    member.turn_until("ends", |member| member.app.ends.len() >= 4);
    member.close();
    assert_eq!(stage.results(Isolation::Committed).len(), 400);

    // It forgets the offsets that transactions commit, as the module says: a later member begins again.
    stage.feed(100, 1);
    let mut again = stage.member("a");
    again.turn_until("all is read again", |member| member.app.read == 404 && member.app.all_committed());
    again.close();
    assert_eq!(stage.results(Isolation::Committed).len(), 804);
}
