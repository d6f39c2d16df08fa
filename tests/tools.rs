//! The analysts' commands as a person runs them: on a generated day, by the binary.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

#[path = "tools/bucket.rs"]
mod bucket;
#[path = "tools/pack.rs"]
mod pack;
#[path = "tools/terminal.rs"]
mod terminal;
#[path = "tools/tokens.rs"]
mod tokens;
#[path = "tools/users.rs"]
mod users;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

/// The patterns of the day: what is told of the tools does not hang on the rest of the pack.
const SHIPPED: [&str; 3] = ["sim-box-burst", "smishing-burst", "spoofed-prefix"];

/// A generated day of one operator, its truth and its incidents.
struct Day {
    folder: tempfile::TempDir,
}

impl Day {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// What says whose records these are.
    fn operator(&self) -> Vec<String> {
        let trunks = self.path("setup/trunks.csv");
        let lists = self.path("setup/lists");
        let fixed = ["--country", "KH", "--own", "+85510", "--mobility", "--class", "stream"];
        let mut args: Vec<String> = fixed.map(str::to_owned).to_vec();
        args.extend(["--trunks".to_owned(), trunks, "--lists".to_owned(), lists]);
        args
    }

    /// The same, and the patterns.
    fn records(&self) -> Vec<String> {
        [self.operator(), vec!["--patterns".to_owned(), self.path("patterns")]].concat()
    }
}

fn day() -> &'static Day {
    static DAY: OnceLock<Day> = OnceLock::new();
    DAY.get_or_init(|| {
        let day = Day { folder: tempfile::tempdir().unwrap() };
        let (out, truth, setup) = (day.path("day.jsonl"), day.path("truth.jsonl"), day.path("setup"));
        std::fs::create_dir(day.path("patterns")).unwrap();
        for id in SHIPPED {
            let from = root().join("config/patterns").join(format!("{id}.toml"));
            std::fs::copy(from, day.path(&format!("patterns/{id}.toml"))).unwrap();
        }
        let patterns: Vec<String> = SHIPPED.iter().map(|id| format!("--pattern={id}")).collect();
        ok(&["generate", "--episodes", "12", "--out", &out, "--truth", &truth, "--setup", &setup], &patterns);
        ok(&["replay", &out, "--alerts", &day.path("incidents.jsonl")], &day.records());
        day
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn lancang(args: &[&str], more: &[String]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lancang"));
    command.current_dir(root()).args(args).args(more).output().unwrap()
}

fn ok(args: &[&str], more: &[String]) -> String {
    let output = lancang(args, more);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Exit status and what is said on standard error.
fn refused(args: &[&str], more: &[String]) -> (Option<i32>, String) {
    let output = lancang(args, more);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn evaluate_prints_a_table_and_json_and_draws() {
    let day = day();
    let (alerts, truth) = (day.path("incidents.jsonl"), day.path("truth.jsonl"));
    let both = ["evaluate", "--alerts", &alerts, "--truth", &truth];
    let text = ok(&both, &[]);
    let row = |id: &str| text.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{id}: {text}"));
    for id in ["sim-box-burst", "smishing-burst", "spoofed-prefix", "all"] {
        assert!(row(id).contains("1.00"), "{text}");
    }
    assert!(!text.contains('\x1b'), "no colours where nobody looks");
    let plot = day.path("plot.svg");
    let args = ["--population", "10000", "--days", "1", "--output", "json", "--plot", &plot].map(str::to_owned);
    let report = json(&ok(&both, &args));
    let pack = &report["pack"];
    assert!(pack["false_rate"]["upper_95"].as_f64().unwrap() >= 29.0, "{pack}");
    assert_eq!(pack["episodes"]["easy"]["recall"], 1.0);
    let of_grade = |pattern: &str, grade: &str| report["patterns"][pattern]["episodes"][grade]["recall"].clone();
    assert_eq!((of_grade("sim-box-burst", "easy"), of_grade("smishing-burst", "medium")), (1.0.into(), 1.0.into()));
    assert!(pack["detection_s"]["median"].as_i64().unwrap() <= pack["detection_s"]["p90"].as_i64().unwrap());
    assert!(report["look_alikes"].as_object().unwrap().len() > 2, "{report}");
    assert!(std::fs::read_to_string(plot).unwrap().starts_with("<svg"));
    // The same run twice, each with its truth, is twice as many.
    let twice = ["evaluate", "--alerts", &alerts, "--alerts", &alerts, "--truth", &truth, "--truth", &truth];
    let sum = json(&ok(&twice, &["--output".to_owned(), "json".to_owned()]));
    assert_eq!(sum["pack"]["incidents_true"].as_u64().unwrap(), 2 * pack["incidents_true"].as_u64().unwrap());
}

#[test]
fn a_sweep_judges_the_records_at_each_limit() {
    let day = day();
    let (records, truth, plot) = (day.path("day.jsonl"), day.path("truth.jsonl"), day.path("curve.svg"));
    let args = ["evaluate", &records, "--truth", &truth, "--output", "json", "--plot", &plot, "--sweep"];
    let with = |sweep: &str| [vec![sweep.to_owned()], day.records()].concat();
    let swept = json(&ok(&args, &with("smishing-burst.callees=60..4000:3")));
    let recall = |step: usize| swept["steps"][step]["report"]["patterns"]["smishing-burst"]["recall"].as_f64().unwrap();
    assert!(recall(0) > 0.5 && recall(2) < recall(0), "{} {}", recall(0), recall(2));
    assert_eq!(swept["steps"][1]["limit"], 2030.0);
    // At the limit that the file has, a sweep finds what a replay finds.
    let (alerts, both) = (day.path("incidents.jsonl"), ["--output".to_owned(), "json".to_owned()]);
    let plain = json(&ok(&["evaluate", "--alerts", &alerts, "--truth", &truth], &both));
    assert_eq!(swept["steps"][0]["report"]["patterns"], plain["patterns"]);
    assert!(std::fs::read_to_string(&plot).unwrap().contains(">60</text>"));

    let (status, told) = refused(&args, &with("smishing-burst.calees=60..4000:3"));
    assert!(status == Some(64) && told.contains("did you mean `callees`?"), "{told}");
    let (status, told) = refused(&args, &with("smishing-burt.callees=60..4000:3"));
    assert!(status == Some(64) && told.contains("did you mean `smishing-burst`?"), "{told}");
    let (status, told) = refused(&args, &["sim-box-burst.calls=1..2".to_owned()]);
    assert!(status == Some(64) && told.contains("expected PATTERN.FEATURE=FROM..TO:STEPS"), "{told}");
}

#[test]
fn evaluate_says_what_does_not_fit() {
    let day = day();
    let (alerts, truth) = (day.path("incidents.jsonl"), day.path("truth.jsonl"));
    let three = ["evaluate", "--alerts", &alerts, "--truth", &truth, "--truth", &truth];
    let (status, told) = refused(&three, &[]);
    assert!(status == Some(64) && told.contains("found 2 for 1"), "{told}");
    let (status, told) = refused(&["evaluate", "--alerts", &truth, "--truth", &truth], &[]);
    assert!(status == Some(65) && told.contains("line 1: not an incident line"), "{told}");
}

/// A line of the generated truth of this pattern and grade: its first entity of a type, as `TYPE:VALUE`.
fn planted(pattern: &str, grade: &str, entity: &str) -> String {
    let truth = std::fs::read_to_string(day().path("truth.jsonl")).unwrap();
    // What other operators' episodes do here does not name this network's trunks.
    let own = |line: &Value| line["elsewhere"] != true;
    let lines = truth.lines().map(json).filter(own);
    let lines = lines.filter(|line| line["pattern"] == pattern && line["grade"] == grade);
    let named =
        |line: Value| line["entities"].as_array()?.iter().find(|one| one[0] == entity)?[1].as_str().map(str::to_owned);
    format!("{entity}:{}", lines.filter_map(named).next().unwrap())
}

/// An own caller of the generated day whom no line of the truth names.
fn ordinary_caller() -> String {
    let truth = std::fs::read_to_string(day().path("truth.jsonl")).unwrap();
    let records = std::fs::read_to_string(day().path("day.jsonl")).unwrap();
    let outgoing = records.lines().filter(|line| line.contains("\"outgoing\"") && line.contains("\"voice\""));
    let callers = outgoing.map(|line| json(line)["caller"].as_str().unwrap().to_owned());
    let ordinary =
        callers.filter(|caller| caller.starts_with("+85510")).find(|caller| !truth.contains(caller.as_str()));
    format!("caller:{}", ordinary.unwrap())
}

#[test]
fn explain_tells_why_an_own_caller_was_named_or_not() {
    let day = day();
    let records = day.path("day.jsonl");
    let explain = |entity: &str, form: &str| {
        let args = ["explain", "--entity", entity, "--pattern", "sim-box-burst", "--output", form, &records];
        ok(&args, &day.records())
    };
    let named = planted("sim-box-burst", "easy", "caller");
    let found = &json(&explain(&named, "json"))["patterns"][0];
    assert!(found["held"]["times"].as_u64().unwrap() > 0, "{found}");
    assert_eq!(found["warn"]["holds"], true);
    // The line of the incident says the same: its reasons are of one of the moments at which the pattern held.
    let incidents = std::fs::read_to_string(day.path("incidents.jsonl")).unwrap();
    let of_entity = incidents
        .lines()
        .map(json)
        .filter(|line| format!("caller:{}", line["entity"]["value"].as_str().unwrap()) == named);
    let best = of_entity.map(|line| line["score"].as_u64().unwrap()).max().unwrap();
    assert!(found["verdict"]["score"].as_u64().unwrap() >= best, "{found}");

    let quiet = ordinary_caller();
    let found = &json(&explain(&quiet, "json"))["patterns"][0];
    assert_eq!((&found["held"], &found["warn"]["holds"]), (&Value::Null, &Value::Bool(false)), "{found}");
    assert!((0.01..1.0).contains(&found["warn"]["near"].as_f64().unwrap()), "{found}");
    let text = explain(&quiet, "text");
    assert!(text.contains("never holds; nearest, ") && text.contains("calls >= 20: "), "{text}");
}

#[test]
fn explain_tells_of_trunks_and_of_what_is_not_looked_at() {
    let day = day();
    let records = day.path("day.jsonl");
    let trunk = planted("spoofed-prefix", "medium", "trunk");
    let found = json(&ok(&["explain", "--entity", &trunk, "--output", "json", &records], &day.records()));
    let of_the_pattern = |one: &&Value| one["pattern"] == "spoofed-prefix";
    let rules: Vec<&Value> = found["patterns"].as_array().unwrap().iter().filter(of_the_pattern).collect();
    assert_eq!(rules.len(), 5, "a rule is a story of its own");
    assert!(rules.iter().any(|rule| rule["held"]["times"].as_u64() > Some(0)), "{found}");
    let refused =
        |rule: &Value| rule["refused"].as_array().unwrap().iter().any(|part| part["records"].as_u64() > Some(0));
    assert!(rules.iter().any(|rule| refused(rule)), "{found}");
    // Without the trunk table no trunk is international, and that is said.
    let patterns = day.path("patterns");
    let bare = ["--country", "KH", "--own", "+85510", "--patterns", &patterns].map(str::to_owned);
    let text = ok(&["explain", "--entity", &trunk, &records], &bare);
    assert!(text.contains("never judged") && text.contains("are not `trunk_in.international`"), "{text}");
}

#[test]
fn explain_names_the_entry_that_keeps_a_pattern_silent() {
    let day = day();
    let records = day.path("day.jsonl");
    let named = planted("sim-box-burst", "easy", "caller");
    let lists = tempfile::tempdir().unwrap();
    let number = named.strip_prefix("caller:").unwrap();
    let entry = format!("list,kind,value,owner,reason,expires\ndeclared-callers,number,{number},desk,a call centre,\n");
    std::fs::write(lists.path().join("declared.csv"), entry).unwrap();
    let folder = lists.path().display().to_string();
    let own = ["--country", "KH", "--own", "+85510", "--lists", &folder].map(str::to_owned);
    let patterns = day.path("patterns");
    let text = ok(&["explain", "--entity", &named, "--patterns", &patterns, &records], &own);
    let expected =
        format!("suppressed by the list `declared-callers`: entry `number {number}` of desk (a call centre)");
    assert!(text.contains(&expected) && text.contains("; suppressed by a list"), "{text}");
    // Such an entry is what a backtest calls the reason too, where only one of the packs asks the list.
    let pattern = std::fs::read_to_string(root().join("config/patterns/sim-box-burst.toml")).unwrap();
    let deaf = lists.path().join("sim-box-burst.toml");
    std::fs::write(&deaf, pattern.replace("suppress = [\"declared-callers\"]\n", "")).unwrap();
    let deaf = deaf.display().to_string();
    let args = ["patterns", "backtest", "config/patterns/sim-box-burst.toml", &deaf, &records, "--output", "json"];
    let found = json(&ok(&args, &own));
    assert_eq!(found["gained"][0]["why"][0], "suppressed by the list `declared-callers` in OLD", "{found}");
}

#[test]
fn explain_says_what_it_does_not_know() {
    let day = day();
    let records = day.path("day.jsonl");
    let check = |args: &[&str], status: i32, expected: &str| {
        let (found, told) = refused(&[&["explain", &records], args].concat(), &day.records());
        assert!(found == Some(status) && told.contains(expected), "{args:?}: {found:?} {told}");
    };
    check(&["--entity", "caler:+1"], 64, "did you mean `caller`?");
    check(&["--entity", "caller"], 64, "expected a value behind `caller:`");
    check(&["--entity", "caller:+1", "--pattern", "sim-box-brust"], 64, "did you mean `sim-box-burst`?");
    check(&["--entity", "caller:+1", "--pattern", "spoofed-prefix"], 64, "looks at no entity of type `caller`");
}

#[test]
fn backtest_tells_what_a_moved_limit_gains_and_loses() {
    let day = day();
    let (records, folder) = (day.path("day.jsonl"), tempfile::tempdir().unwrap());
    let pattern = std::fs::read_to_string(root().join("config/patterns/smishing-burst.toml")).unwrap();
    let with = |condition: &str| {
        let file = folder.path().join("smishing-burst.toml");
        let warn = "warn = '''callees >= 60 && senders >= 5'''";
        assert!(pattern.contains(warn));
        std::fs::write(&file, pattern.replace(warn, &format!("warn = '''{condition}'''"))).unwrap();
        file.display().to_string()
    };
    let backtest = |new: &str, form: &str| {
        let args = ["patterns", "backtest", "config/patterns/smishing-burst.toml", new, &records, "--output", form];
        ok(&args, &day.operator())
    };
    let found = json(&backtest(&with("callees >= 150 && senders >= 5"), "json"));
    let counts = &found["patterns"]["smishing-burst"];
    assert!(counts["lost"].as_u64() > Some(0) && counts["gained"] == 0, "{found}");
    let why = found["lost"][0]["why"][0].as_str().unwrap();
    assert!(why.starts_with("NEW wants `callees >= 150`, it was "), "{why}");
    let text = backtest(&with("callees >= 5 && senders >= 5"), "text");
    assert!(text.contains("\ngained: ") && text.contains("OLD wants `callees >= 60`, it was "), "{text}");
    // Against itself nothing changes.
    let same = json(&backtest("config/patterns/smishing-burst.toml", "json"));
    assert_eq!(
        (&same["gained"], &same["lost"], &same["changed"]),
        (&serde_json::json!([]), &serde_json::json!([]), &serde_json::json!([]))
    );
    assert!(same["patterns"]["smishing-burst"]["kept"].as_u64() > Some(3));

    // A file against a folder is that pattern alone.
    let folder_first = [
        "patterns",
        "backtest",
        &day.path("patterns"),
        &with("callees >= 150 && senders >= 5"),
        &records,
        "--output",
        "json",
    ];
    let patterns = json(&ok(&folder_first, &day.operator()))["patterns"].clone();
    assert_eq!(patterns, found["patterns"]);

    let wrong = folder.path().join("other.toml");
    std::fs::write(&wrong, &pattern).unwrap();
    let wrong = wrong.display().to_string();
    let args = ["patterns", "backtest", "config/patterns", &wrong, &records];
    let (status, told) = refused(&args, &day.operator());
    assert!(status == Some(78) && told.contains("expected the file's name, `other`"), "{told}");
}

#[test]
fn list_and_show_say_what_a_pattern_costs() {
    let patterns = day().path("patterns");
    let list = ok(&["patterns", "list", "--patterns", &patterns, "--output", "json"], &[]);
    let lines: Vec<Value> = list.lines().map(json).collect();
    assert_eq!(lines.len(), SHIPPED.len());
    for line in &lines {
        for cost in line["costs"].as_array().unwrap() {
            let figure = |key: &str| cost[key].as_f64().unwrap();
            assert!(figure("conditions") >= 1.0 && figure("aggregates") >= 2.0 && figure("record_ns") > 0.0, "{line}");
            assert!(figure("bytes_busy") > figure("bytes_ordinary") && figure("bytes_ordinary") > 50.0, "{line}");
        }
    }
    let of = |id: &str| lines.iter().find(|line| line["id"] == id).unwrap().clone();
    assert_eq!(of("smishing-burst")["costs"].as_array().unwrap().len(), 2, "templates and domains");
    assert_eq!(
        (&of("sim-box-burst")["mode"], &of("sim-box-burst")["costs"][0]["entity"]),
        (&"live".into(), &"caller".into())
    );
    let text = ok(&["patterns", "list", "--patterns", &patterns], &[]);
    assert!(text.contains("All patterns together, of an own subscriber: caller "), "{text}");

    let shown = ok(&["patterns", "show", "sim-box-burst", "--patterns", &patterns], &[]);
    let bytes = of("sim-box-burst")["costs"][0]["bytes_ordinary"].to_string();
    assert!(shown.contains(&format!("state    {bytes} bytes of a caller with 12 events a day, ")), "{shown}");
    assert!(shown.contains(" conditions a record (about "), "{shown}");
    let (status, told) = refused(&["patterns", "show", "sim-box-brust", "--patterns", &patterns], &[]);
    assert!(status == Some(64) && told.contains("did you mean `sim-box-burst`?"), "{told}");
}

/// A budget for a pattern that is not there would bound nothing.
#[test]
fn check_knows_the_patterns_of_budgets() {
    let (day, folder) = (day(), tempfile::tempdir().unwrap());
    std::fs::create_dir(folder.path().join("lists")).unwrap();
    let path = folder.path().join("lancang.toml").display().to_string();
    let text = format!(
        "[[operators]]\ncountry = \"KH\"\norganisation = \"a\"\nnode = \"b\"\nown = [\"+85510\"]\n\
         [kafka]\nbootstrap = \"127.0.0.1:9092\"\n[[feeds]]\nname = \"voice\"\ntopics = [\"cdr\"]\n\
         [patterns]\nfolder = \"{}\"\n[relay]\nsigning_key_env = \"KEY\"\nepochs = [{{ id = \"a\", key_env = \"KEY\" }}]\n[relay.budgets]\nsmishing-burst = 20\n",
        day.path("patterns")
    );
    std::fs::write(&path, &text).unwrap();
    ok(&["check", "--config", &path], &[]);
    std::fs::write(&path, text.replace("smishing-burst", "smishing-brust")).unwrap();
    let output = lancang(&["check", "--config", &path, "--output", "json"], &[]);
    let found = json(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(
        (output.status.code(), &found["line"], &found["nearest"]),
        (Some(78), &17.into(), &"smishing-burst".into())
    );
    std::fs::write(&path, format!("{text}[handling.confidence]\nsmishing-brust = 90\n")).unwrap();
    let output = lancang(&["check", "--config", &path, "--output", "json"], &[]);
    let found = json(&String::from_utf8(output.stdout).unwrap());
    assert_eq!((output.status.code(), &found["nearest"]), (Some(78), &"smishing-burst".into()), "{found}");
}

/// A pattern in shadow finds what it would find live, in a file of its own, and counts for nobody else.
#[test]
fn shadow_is_judged_and_kept_apart() {
    let (day, folder) = (day(), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir(path("patterns")).unwrap();
    for id in SHIPPED {
        let text = std::fs::read_to_string(day.path(&format!("patterns/{id}.toml"))).unwrap();
        let text =
            if id == "smishing-burst" { text.replacen("\ncooldown", "\nmode = \"shadow\"\ncooldown", 1) } else { text };
        std::fs::write(path(&format!("patterns/{id}.toml")), text).unwrap();
    }
    let (records, alerts, shadow) = (day.path("day.jsonl"), path("incidents.jsonl"), path("shadow.jsonl"));
    let patterns = path("patterns");
    let args = ["replay", &records, "--patterns", &patterns, "--alerts", &alerts, "--shadow", &shadow];
    ok(&args, &day.operator());
    let lines = |path: &str| {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines: Vec<Value> = text.lines().map(json).collect();
        lines.sort_by_key(|line| {
            (line["entity"].to_string(), line["first_event"].to_string(), line["revision"].as_u64())
        });
        lines
    };
    let is_shadow = |line: &Value| line["mode"] == "shadow";
    assert!(!lines(&alerts).iter().any(is_shadow) && lines(&shadow).iter().all(is_shadow));
    let of_smishing = |line: &Value| line["family"] == "smishing";
    let without = |mut line: Value| {
        ["mode", "incident_id"].iter().for_each(|key| drop(line.as_object_mut().unwrap().remove(*key)));
        line
    };
    let whole = lines(&day.path("incidents.jsonl"));
    let expected: Vec<Value> = whole.iter().filter(|line| of_smishing(line)).cloned().map(without).collect();
    assert!(!expected.is_empty());
    assert_eq!(lines(&shadow).into_iter().map(without).collect::<Vec<_>>(), expected);
    let rest: Vec<Value> = whole.into_iter().filter(|line| !of_smishing(line)).collect();
    assert_eq!(lines(&alerts), rest);

    let truth = day.path("truth.jsonl");
    let both = ["evaluate", "--alerts", &shadow, "--truth", &truth];
    let report = json(&ok(&both, &["--output".to_owned(), "json".to_owned()]));
    assert_eq!(report["shadow"]["smishing-burst"]["episodes"]["easy"]["recall"], 1.0, "{report}");
    assert_eq!((&report["pack"]["recall"], &report["patterns"]["smishing-burst"]), (&0.0.into(), &Value::Null));
    let text = ok(&both, &[]);
    assert!(text.lines().any(|line| line.starts_with("smishing-burst (shadow)")), "{text}");
    // A backtest holds it against the live one as it is: nothing changes.
    let live = "config/patterns/smishing-burst.toml";
    let args = ["patterns", "backtest", live, &patterns, &records, "--output", "json"];
    let same = json(&ok(&args, &day.operator()));
    assert_eq!((&same["gained"], &same["lost"]), (&serde_json::json!([]), &serde_json::json!([])));
}

/// Generated records of one kind with something left out.
fn feed(name: &str, keep: impl Fn(&Value) -> bool, leave_out: &[&str]) -> String {
    let path = day().path(name);
    let lines = std::fs::read_to_string(day().path("day.jsonl")).unwrap();
    let mut text = String::new();
    for mut line in lines.lines().map(json).filter(|line| keep(line)) {
        leave_out.iter().for_each(|key| drop(line.as_object_mut().unwrap().remove(*key)));
        text.push_str(&format!("{line}\n"));
    }
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn feeds_tells_who_is_blind_where() {
    let day = day();
    let voice = feed("voice.jsonl", |line| line["kind"] == "voice", &["trunk_in"]);
    let bare = feed("sms.jsonl", |line| line["kind"] == "sms", &["template", "domain"]);
    let whole = day.path("day.jsonl");
    let args = ["feeds", &voice, &bare, &whole, "--output", "json"];
    let found = json(&ok(&args, &day.records()));
    let view = |feed: usize, id: &str| {
        let patterns = found["feeds"][feed]["patterns"].as_array().unwrap();
        patterns.iter().find(|view| view["pattern"] == id).unwrap().clone()
    };
    let sight = |feed: usize, id: &str| view(feed, id)["sight"].as_str().unwrap().to_owned();
    assert_eq!(sight(0, "spoofed-prefix"), "blind");
    assert!(view(0, "spoofed-prefix")["missing"].to_string().contains("is there a trunk table?"));
    assert_eq!((sight(0, "smishing-burst"), sight(1, "smishing-burst")), ("blind".to_owned(), "blind".to_owned()));
    assert!(view(1, "smishing-burst")["missing"].to_string().contains("in 0 % of its records"));
    assert_eq!(sight(1, "sim-box-burst"), "blind");
    for id in ["sim-box-burst", "smishing-burst", "spoofed-prefix"] {
        assert_ne!(sight(2, id), "blind", "{found}");
    }
    assert_eq!(view(2, "sim-box-burst")["speaks"], "after the call");
    assert_eq!(view(2, "smishing-burst")["speaks"], "at once");
    let text = ok(&args[..4], &day.records());
    let row = text.lines().find(|line| line.starts_with("spoofed-prefix ")).unwrap();
    assert!(row.split_whitespace().nth(1) == Some("blind"), "{text}");

    let (status, told) = refused(&["feeds", &voice, "--patterns", &day.path("patterns")], &[]);
    assert!(status == Some(64) && told.contains("--country: expected two letters"), "{told}");
    let (status, told) = refused(&["feeds", &day.path("missing.jsonl")], &day.records());
    assert!(status == Some(74) && told.contains("cannot open"), "{told}");
}

/// What the table that ships decides for an alert that was published, by line; and its cases.
#[test]
fn policy_explains_and_tests() {
    let alert = root().join("crates/alert/tests/golden/v1/update.json").display().to_string();
    let explain = |country: &str| -> Vec<Value> {
        let text = ok(&["policy", "explain", &alert, "--country", country, "--output", "json"], &[]);
        text.lines().map(json).collect()
    };
    let published: Value = json(&std::fs::read_to_string(&alert).unwrap());
    let entities = published["entities"].as_array().unwrap();
    let (home, abroad) = (explain(published["producer"]["country"].as_str().unwrap()), explain("CN"));
    for (index, entity) in entities.iter().enumerate() {
        let role = entity["role"].as_str().unwrap();
        let name = format!("entities[{index}] {} {role}", entity["type"].as_str().unwrap());
        assert_eq!(home[index]["field"], name.as_str());
        assert!(home[index]["rule"].as_u64().is_some());
        assert_eq!(abroad[index]["sealed"], abroad[index]["entitled"] == "//CN" && role != "victim", "{name}");
    }
    assert!(home.iter().any(|row| row["sealed"] == true) && abroad.iter().all(|row| row["sealed"] == false));
    let text = ok(&["policy", "explain", &alert, "--country", "KH"], &[]);
    assert!(text.contains("token masked (line ") && text.contains(", if 20 share it"), "{text}");
    assert!(text.contains("k_min = 20: a device's type and the place leave where so many"), "{text}");
    let asked = |field: &str| home.iter().find(|row| row["field"] == field).unwrap()["k_min"].as_u64();
    assert_eq!((asked("place"), asked("tac"), asked("reasons")), (Some(20), Some(20), None));
    assert!(ok(&["policy", "test"], &[]).contains(" cases hold"));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml").display().to_string();
    let table = std::fs::read_to_string(root().join("config/policy.toml")).unwrap();
    std::fs::write(&path, table.replacen("share = [\"sealed\"]", "share = [\"dropped\"]", 1)).unwrap();
    let cases = root().join("config/policy.cases.toml").display().to_string();
    let (status, told) = refused(&["policy", "test", "--policy", &path, "--cases", &cases], &[]);
    assert!(status == Some(65) && told.contains("cases do not hold"), "{told}");
    std::fs::write(&path, table.replacen("\"device\"", "\"devcie\"", 1)).unwrap();
    let (status, told) = refused(&["policy", "test", "--policy", &path, "--cases", &cases], &[]);
    assert!(status == Some(78) && told.contains("did you mean `device`?"), "{told}");
}
