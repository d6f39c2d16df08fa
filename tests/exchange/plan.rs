//! `lancang topics plan` and `apply`: idempotent, and refused where it must be.

use lancang_kafka::acl::{Acl, CLUSTER, Operation, Pattern, Resource};
use lancang_kafka::{Admin, TopicPlan};
use serde_json::Value;

use crate::meeting::{Exchange, topics};

/// With a certificate, and in no file: a relay of last year's, say.
const STRANGER: &str = "User:CN=relay-2025,O=mekong-mobile,C=KH";

fn allow(of: &str, operation: Operation, resource: Resource, pattern: Pattern, name: &str) -> Acl {
    Acl::allow(of, operation, resource, pattern, name)
}

#[test]
fn plan_and_apply() {
    let exchange = Exchange::start();
    let file = exchange.path();
    let admin = Admin::connect(&exchange.connection("administrator")).unwrap();
    // Somebody has begun by hand, with other options, and with a right too many.
    let mut keys = TopicPlan::new("lancang.keys.v1", 1);
    keys.options = vec![("retention.ms".to_owned(), "1000".to_owned())];
    admin.create(&keys).unwrap();
    let desk = exchange.identity("kh-desk").principal.clone();
    let too_many = allow(&desk, Operation::Read, Resource::Topic, Pattern::Literal, "lancang.evidence.th.v1");
    admin.create_acls(std::slice::from_ref(&too_many)).unwrap();

    let (status, told, errors) = topics("plan", &file, &[]);
    assert_eq!(status, Some(0), "{told}{errors}");
    let has = |text: &str| assert!(told.contains(text), "no `{text}` in\n{told}");
    has("+ topic lancang.alerts.v1, 1 partition, 1 replica");
    has("retention.ms = 7776000000  (an alert's `handling.retain_until`");
    has("~ topic lancang.keys.v1");
    has("cleanup.policy = delete → compact");
    has("+ allow User:CN=kh-relay,O=mekong-mobile,C=KH to write topic lancang.alerts.v1");
    has("+ allow User:CN=kh-agency,O=cyber-police,C=KH to read group kh.…");
    has(&format!("? {too_many}  (not in the file; `--prune` takes it away)"));
    assert!(!told.contains("transactional"), "nobody may use transactions:\n{told}");
    assert_eq!(admin.partitions("lancang.alerts.v1").unwrap(), None, "a plan changes nothing");

    let (status, told, errors) = topics("apply", &file, &[]);
    assert_eq!(status, Some(0), "{told}{errors}");
    assert!(told.contains("+ topic lancang.alerts.v1") && told.contains("done: "), "the plan comes first:\n{told}");
    assert_eq!(admin.options("lancang.keys.v1").unwrap()["cleanup.policy"], "compact");
    assert_eq!(admin.options("lancang.alerts.v1").unwrap()["message.timestamp.type"], "LogAppendTime");

    let rights = admin.acls().unwrap();
    let (status, told, _) = topics("apply", &file, &["--output", "json"]);
    let plan: Value = serde_json::from_str(told.trim()).unwrap();
    assert_eq!((status, &plan["changes"]), (Some(0), &Value::from(0)), "a second time there is nothing to do");
    assert_eq!(admin.acls().unwrap(), rights);
    assert!(rights.contains(&too_many));

    let (status, told, _) = topics("apply", &file, &["--prune"]);
    assert!(status == Some(0) && told.contains(&format!("- {too_many}  (not in the file)")), "{told}");
    assert!(!admin.acls().unwrap().contains(&too_many));

    refused(&exchange, &admin);
    wrong_topic(&exchange, &admin);
}

/// By whatever way a holder of the epoch key comes to read what is shared, or a writer to transactions: the plan is
/// refused and nothing is done; `--prune` mends it.
fn refused(exchange: &Exchange, admin: &Admin) {
    let file = exchange.path();
    let relay = exchange.identity("kh-relay").principal.clone();
    let (read, write) = (Operation::Read, Operation::Write);
    let ways = [
        (allow(&relay, read, Resource::Topic, Pattern::Literal, "lancang.alerts.v1"), "may read `lancang.alerts.v1`"),
        (allow(&relay, read, Resource::Topic, Pattern::Prefixed, "lancang.ev"), "may read `lancang.evidence.kh.v1`"),
        (allow("User:*", Operation::All, Resource::Topic, Pattern::Literal, "*"), "may read `lancang.feedback.v1`"),
        (allow(&relay, Operation::Alter, Resource::Cluster, Pattern::Literal, CLUSTER), "give itself every right"),
        (allow(&relay, Operation::ClusterAction, Resource::Cluster, Pattern::Literal, CLUSTER), "may act as a broker"),
        (allow(&relay, Operation::AlterConfigs, Resource::Cluster, Pattern::Literal, CLUSTER), "whom brokers take"),
        (
            allow(STRANGER, read, Resource::Topic, Pattern::Literal, "lancang.alerts.v1"),
            "is not in the file and may read",
        ),
        (allow(STRANGER, read, Resource::Topic, Pattern::Prefixed, "lancang."), "is not in the file and may read"),
        (allow(STRANGER, Operation::ClusterAction, Resource::Cluster, Pattern::Literal, CLUSTER), "is not in the file"),
        (allow(&relay, write, Resource::TransactionalId, Pattern::Prefixed, "mekong"), "use transactions"),
        (allow("User:*", write, Resource::TransactionalId, Pattern::Literal, "*"), "use transactions"),
    ];
    for (way, why) in ways {
        let before = admin.acls().unwrap();
        admin.create_acls(std::slice::from_ref(&way)).unwrap();
        let begun = std::time::Instant::now();
        while !admin.acls().unwrap().contains(&way) {
            assert!(begun.elapsed() < crate::meeting::SOON);
        }
        for command in ["plan", "apply"] {
            let (status, told, errors) = topics(command, &file, &[]);
            assert_eq!(status, Some(78), "{way}: {told}{errors}");
            assert!(
                told.lines().any(|line| line.trim_start().starts_with('!') && line.contains(why)),
                "{way}:\n{told}"
            );
        }
        assert!(admin.acls().unwrap().contains(&way), "what is refused changes nothing");
        let (status, told, errors) = topics("apply", &file, &["--prune"]);
        assert_eq!(status, Some(0), "{way}: {told}{errors}");
        assert_eq!(admin.acls().unwrap(), before, "{way}");
    }
    // Brokers and administrators with rights of their own are named in the file, and keep them.
    let broker = allow(STRANGER, Operation::ClusterAction, Resource::Cluster, Pattern::Literal, CLUSTER);
    admin.create_acls(std::slice::from_ref(&broker)).unwrap();
    let administrators = format!("[[principals]]\nprincipal = \"{STRANGER}\"\nrole = \"administrator\"\n");
    let with_broker = exchange.write("with-broker.toml", &administrators);
    let (status, told, errors) = topics("apply", &with_broker, &["--prune"]);
    assert!(status == Some(0) && !told.contains(STRANGER), "{told}{errors}");
    assert!(admin.acls().unwrap().contains(&broker));
    admin.delete_acls(std::slice::from_ref(&broker)).unwrap();
    let too = format!("[[principals]]\nprincipal = \"{relay}\"\nrole = \"administrator\"\n");
    let (status, _, errors) = topics("plan", &exchange.write("too.toml", &too), &[]);
    assert!(status == Some(78) && errors.contains("can use the epoch key"), "{errors}");
    // In the file itself it is a mistake with a place.
    let both = format!("[[principals]]\nprincipal = \"{relay}\"\nrole = \"agency\"\ncountry = \"KH\"\n");
    let (status, _, errors) = topics("plan", &exchange.write("both.toml", &both), &[]);
    assert!(status == Some(78) && errors.contains("can use the epoch key"), "{errors}");
}

/// What no command mends is said, and nothing is done.
fn wrong_topic(exchange: &Exchange, admin: &Admin) {
    admin.create(&TopicPlan::new("lancang.warnings.another.v1", 3)).unwrap();
    let file = exchange.write("more.toml", "[[carriers]]\nname = \"another\"\ncountry = \"TH\"\n");
    let (status, told, errors) = topics("apply", &file, &[]);
    assert_eq!(status, Some(78), "{told}{errors}");
    assert!(told.contains("! topic lancang.warnings.another.v1: it has 3 partitions, 1 are expected"), "{told}");
}

/// Without an administrator's certificate nothing is shown as missing: it is said that nothing can be seen.
#[test]
fn somebody_else_plans() {
    let exchange = crate::meeting::shared();
    let text = std::fs::read_to_string(exchange.path()).unwrap();
    let as_agency = text.replace(&exchange.options("administrator"), &exchange.options("kh-agency"));
    let file = exchange.folder.path().join("as-agency.toml");
    std::fs::write(&file, as_agency).unwrap();
    let (status, told, errors) = topics("plan", &file, &[]);
    assert!(status == Some(78) || status == Some(69), "{status:?} {told}{errors}");
    assert!(told.is_empty() && errors.contains("exchange at 127.0.0.1"), "{told}{errors}");
}
