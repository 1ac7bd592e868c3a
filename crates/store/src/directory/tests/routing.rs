//! Devices, queues, schedules and mailboxes: what the file says is what routing reads.

use model::directory::{Directory, Ivr, Queue, RouteStep};
use serde_json::{Value, json};

use super::*;

fn house() -> Value {
    serde_json::from_str(include_str!("house.json")).expect("JSON")
}

fn file(house: &Value) -> DirectoryFile {
    serde_json::from_value(house.clone()).expect("a directory file")
}

async fn empty() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/tandem.db", folder.path().display());
    let database = Database::open(&url).await.expect("a database");
    database.migrate().await.expect("the schema");
    (folder, database)
}

async fn load(database: &Database) -> Directory {
    database.load_directory(REALM).await.expect("the directory")
}

#[tokio::test]
async fn the_snapshot_from_the_database_is_the_one_from_the_file() {
    let (_folder, database) = empty().await;
    let file = file(&house());
    let report = import_at(&database, &file, 0).await;
    assert_eq!((report.applied, report.problems), (true, vec![]));
    let loaded = load(&database).await;
    let mut expected = Directory::new();
    file.add_to(&mut expected);
    for user in expected.users() {
        let mut found = loaded.user(&user.id).expect("a user").clone();
        if let Some(mailbox) = &mut found.mailbox {
            mailbox.pin_sha256 = None;
        }
        assert_eq!(format!("{found:#?}"), format!("{user:#?}"));
    }
    for group in expected.groups() {
        let mut found = loaded.group(&group.id).expect("a group").clone();
        if let Some(mailbox) = &mut found.mailbox {
            mailbox.pin_sha256 = None;
        }
        assert_eq!(format!("{found:#?}"), format!("{group:#?}"));
    }
    for ivr in expected.ivrs() {
        let found = loaded.ivr(&ivr.id).expect("an IVR");
        assert_eq!(format!("{found:#?}"), format!("{ivr:#?}"));
    }
    for number in expected.numbers() {
        let found = loaded.number(&number.id).expect("a number");
        assert_eq!(format!("{found:#?}"), format!("{number:#?}"));
    }
    let vera = E164::parse("+15557770200").expect("a number");
    assert_eq!(loaded.record_of(&vera), expected.record_of(&vera));
}

#[tokio::test]
async fn a_pin_is_kept_as_a_hash_with_its_owner() {
    let (_folder, database) = empty().await;
    import_at(&database, &file(&house()), 0).await;
    let directory = load(&database).await;
    let ana = directory.user(&"u-ana".into()).and_then(|user| user.mailbox.clone());
    let pin = ana.and_then(|mailbox| mailbox.pin_sha256);
    // printf 'u-ana:4711' | sha256sum
    assert_eq!(pin.as_deref(), Some(ANA_PIN));
    let stored = dump(&database, &TABLES).await.join("\n");
    assert!(!stored.contains("4711") && !stored.contains("123456"));
}

const ANA_PIN: &str = "46cfd219c8809b6f397ceeb5b952f3f48bc04abdd32a80ecde723e5fefff6bba";

#[tokio::test]
async fn the_version_of_an_ivr_rises_with_its_definition_only() {
    let (_folder, database) = empty().await;
    let mut house = house();
    let versions = async |house: &Value, at: i64| {
        assert!(import_at(&database, &file(house), at).await.applied, "{at}");
        let directory = load(&database).await;
        let version = |ivr: &Ivr| (ivr.version > 1).then(|| format!("{} {}", ivr.id, ivr.version));
        directory.ivrs().filter_map(version).collect::<Vec<_>>()
    };
    assert_eq!(versions(&house, 1).await, Vec::<String>::new());
    house["ivrs"][0]["name"] = json!("Hours");
    house["users"][0]["email"] = json!("a@example.org");
    assert_eq!(versions(&house, 2).await, Vec::<String>::new(), "a name is no definition");
    house["ivrs"][0]["schedule"]["rules"][0]["end"] = json!("18:00");
    assert_eq!(versions(&house, 3).await, ["i-hours 2"]);
    house["ivrs"][1]["options"][0]["next_ivr_id"] = json!("i-last");
    house["ivrs"][2]["queue"]["max_size"] = json!(21);
    assert_eq!(versions(&house, 4).await, ["i-care 2", "i-hours 2", "i-menu 2"]);
    house["ivrs"][2]["queue"]["max_size"] = json!(20);
    assert_eq!(versions(&house, 5).await, ["i-care 3", "i-hours 2", "i-menu 2"]);
}

#[tokio::test]
async fn what_is_taken_out_of_the_file_is_taken_out_of_the_snapshot() {
    let (_folder, database) = empty().await;
    let mut house = house();
    import_at(&database, &file(&house), 1).await;
    for key in ["devices", "acd_receiver", "inbound_route", "skills", "voicemail", "email"] {
        house["users"][0].as_object_mut().expect("a user").remove(key);
    }
    house["ivrs"][2].as_object_mut().expect("an IVR").remove("queue");
    house["groups"][0]["members"] = json!(["u-ben", "u-ana"]);
    let report = import_at(&database, &file(&house), 2).await;
    assert_eq!(shown(&report), ["~user u-ana", "~group g-care", "~ivr i-care"]);
    let directory = load(&database).await;
    let ana = directory.user(&"u-ana".into()).expect("ana");
    assert!(ana.devices.is_empty() && ana.skills.is_empty() && ana.mailbox.is_none());
    assert!(ana.inbound_route.is_none() && ana.acd_receiver.is_none() && ana.email.is_none());
    assert!(directory.ivr(&"i-care".into()).expect("i-care").queue.is_none());
    let care = directory.group(&"g-care".into()).expect("g-care");
    assert_eq!(care.weights.get("u-ana"), Some(&1));
}

fn problems(file: &DirectoryFile) -> String {
    let line = |problem: &DirectoryProblem| {
        let severity = match problem.severity {
            Severity::Error => "E",
            Severity::Warning => "W",
        };
        format!("{severity} {problem}")
    };
    validate(file, Some(REALM)).iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_mistake_about_people_has_its_message() {
    let mut house = house();
    let ana = &mut house["users"][0];
    ana["email"] = json!("Ana <ana@example.org>");
    ana["devices"] = json!([
        "desk", "desk",
        {"id": "mobile", "kind": "number"},
        {"id": "fax", "kind": "number", "number": "77"},
        {"id": "web", "kind": "sip", "number": "+15557770100"},
        {"id": "own", "kind": "number", "number": "+15557770100", "user_agent": "x"}
    ]);
    ana["acd_receiver"] = json!("dest");
    ana["skills"] = json!({"german": 11, "billing": 0});
    ana["inbound_route"]["steps"][1] = json!({"device": "kitchen", "ring_ms": 0});
    ana["voicemail"]["pin"] = json!("12a");
    let ben = &mut house["users"][1];
    ben["inbound_route"] = json!({"steps": [], "then": "hang_up", "forward_to": "+15557770100"});
    let mut third = ben.clone();
    (third["id"], third["sip_username"]) = (json!("u-cat"), json!("cat"));
    third["inbound_route"] = json!({"steps": [], "then": "forward"});
    let mut fourth = third.clone();
    (fourth["id"], fourth["sip_username"]) = (json!("u-dan"), json!("dan"));
    fourth["inbound_route"] = json!({"steps": [], "then": "forward", "forward_to": "home"});
    let mut fifth = third.clone();
    (fifth["id"], fifth["sip_username"]) = (json!("u-eve"), json!("eve"));
    fifth["inbound_route"] = json!({"steps": [], "then": "voicemail"});
    house["users"].as_array_mut().expect("users").extend([third, fourth, fifth]);
    let care = &mut house["groups"][0];
    care["members"] = json!(["u-bern", {"user": "u-ana", "weight": 0}]);
    care["rules"] = json!({"step_members": 0, "service_level_ms": 5});
    care["voicemail"]["pin"] = json!("1234567890123");
    let mut file = file(&house);
    let route = file.users[1].inbound_route.as_mut().expect("a route");
    route.steps = vec![RouteStep { device: None, ring_ms: 5_000 }; 11];
    insta::assert_snapshot!(problems(&file));
}

#[test]
fn forwards_that_lead_nowhere_or_back_are_named() {
    let user = |name: &str, forward: Value| {
        let mut user = json!({"id": name, "display_name": name, "sip_username": name});
        user["forward"] = forward;
        user
    };
    let mut routed = user("f", json!({"busy": "voicemail"}));
    routed["inbound_route"] = json!({"steps": [{"ring_ms": 5000}], "then": "hang_up"});
    let users = json!([
        user("a", json!({"always": "b", "busy": "d"})),
        user("b", json!({"no_answer": "+15550100003"})),
        user("c", json!({"no_answer": "a", "busy": "+15557770009"})),
        user("d", json!({"busy": "d", "no_answer": "nobody", "always": "+77"})),
        user("e", json!({"always": "c", "no_answer": "+15550100005"})),
        routed,
    ]);
    let numbers = json!([
        {"id": "n-c", "e164": "+15550100003", "assigned_user_id": "c"},
        {"id": "n-e", "e164": "+15550100005", "assigned_user_id": "e"},
    ]);
    let file = file(&json!({"users": users, "numbers": numbers}));
    insta::assert_snapshot!(problems(&file));
}

#[test]
fn every_mistake_about_ivrs_has_its_message() {
    let mut house = house();
    let ivrs = &mut house["ivrs"];
    ivrs[0]["schedule"]["rules"][0]["ivr_id"] = json!("i-menue");
    ivrs[0]["schedule"]["timezone"] = json!("Europe/Berlni");
    ivrs[0]["voicemail"] = json!({"mailbox": {"user": "u-ana"}});
    ivrs[1]["options"] = json!([]);
    ivrs[1]["menu"] = json!({"max_tries": 0, "timeout_ms": 1, "default_ivr_id": "i-none"});
    let queue = &mut ivrs[2]["queue"];
    queue["max_size"] = json!(0);
    queue["announce_every_ms"] = json!(10);
    queue["overflow_ivr_id"] = json!("i-bux");
    queue["options"] = json!({"0": {"ivr": "i-nowhere"}, "x": "callback"});
    queue["skills"] =
        json!([{"skill": "german", "level": 3, "at_least": 5}, {"skill": "latin", "level": 12}]);
    queue["also_groups"] = json!([
        {"group_id": "g-care", "after_ms": 1},
        {"group_id": "g-lat", "after_ms": 1}
    ]);
    ivrs[3]["queue"] = json!({});
    ivrs[3]["missed_call_owner_group_id"] = json!("g-cars");
    ivrs[4]["voicemail"] = json!({
        "mailbox": {"user": "u-anna"}, "max_ms": 1, "silence_ms": 1
    });
    ivrs[5]["spelling"] = json!({"group_id": "g-x", "loops": 0, "wait_ms": 1});
    ivrs[6].as_object_mut().expect("an IVR").remove("greeting_prompt");
    let bare = |id, action| json!({"id": id, "action": action});
    let more = [bare("b-time", "time_routing"), bare("b-box", "voicemail"), bare("b-menu", "menu")];
    ivrs.as_array_mut().expect("ivrs").extend(more);
    let dialled = json!({
        "id": "b-out", "action": "call_transfer",
        "target_kind": "external", "target_number": "home"
    });
    let single = json!({
        "id": "b-one", "action": "call_transfer", "attempt_ring_ms": 5,
        "target_kind": "group", "target_group_id": "g-late", "acd_strategy": "single"
    });
    ivrs.as_array_mut().expect("ivrs").extend([dialled, single]);
    house["numbers"][0]["missed_call_owner_group_id"] = json!("g-nobody");
    house["settings"] = json!({"timezone": "Mars/Phobos"});
    insta::assert_snapshot!(problems(&file(&house)));
}

#[test]
fn ivrs_that_lead_only_to_themselves_are_named_and_menus_may_come_back() {
    let transfer = |id: &str, next: &str| {
        json!({
            "id": id, "action": "call_transfer", "target_kind": "record_owner",
            "next_ivr_id": next
        })
    };
    let menu = |id: &str, options: Value, default: Option<&str>| {
        json!({
            "id": id, "action": "menu", "options": options,
            "menu": {"default_ivr_id": default}
        })
    };
    let ivrs = json!([
        // Back to the main menu, which can end.
        menu("main", json!({"1": "sub", "2": "a"}), None),
        menu("sub", json!({"*": "main"}), Some("sub")),
        // Round for ever, and who comes into it.
        transfer("a", "b"),
        transfer("b", "a"),
        transfer("into", "a"),
        menu("self", json!({"1": "self"}), Some("self")),
    ]);
    let file = file(&json!({"ivrs": ivrs}));
    insta::assert_snapshot!(problems(&file), @r"
    W ivrs `a`: next_ivr_id: a → b lead back to a (end one of them without a next IVR)
    W ivrs `self`: next_ivr_id: self leads back to self (end one of them without a next IVR)
    ");
}

#[test]
fn a_queue_of_the_file_may_say_little() {
    let queue: Queue = serde_json::from_str("{}").expect("a queue");
    assert_eq!(queue, Queue::default());
}
