//! Mail over real servers: one that takes it, and ones that are down, slow, picky or hostile.

mod authority;
mod server;

use std::{net::SocketAddr, time::Duration};

use api::{Login, Security, Smtp, Way};
use authority::Authority;
use sea_orm::{ConnectionTrait, Database as Open, Statement};
use serde_json::{Value, json};
use server::{Line, Server, State};
use testkit::Kind;

use crate::harness::{Client, World};

const INVITE: &str = "mutation($e: String!) { inviteMember(input: {email: $e, role: nanoUser}) {
    invitation { id } errors { code } } }";
const LIST: &str = "{ organisation { invitations { nodes {
    email status mail { status attempts nextAttemptAt sentAt trouble } } } } }";
const ASK: &str = "mutation($e: String!) { requestPasswordReset(input: {email: $e}) { errors { code } } }";

/// How mails leave for a server, unless a test says otherwise.
fn smtp(address: SocketAddr) -> Smtp {
    Smtp {
        host: address.ip().to_string(),
        port: address.port(),
        security: Security::None,
        login: None,
        authority: None,
        timeout: Duration::from_secs(20),
    }
}

/// A world whose mails leave that way.
async fn world(kind: Kind, smtp: Smtp) -> World {
    World::tuned(kind, |settings| {
        settings.mail = api::Mail::new("Portcullis <portcullis@example.com>", Way::Smtp(Box::new(smtp))).unwrap();
    })
    .await
}

async fn invite(admin: &Client, email: &str) -> Value {
    let payload = admin.data(INVITE, json!({ "e": email })).await["inviteMember"].clone();
    assert_eq!(payload["errors"], json!([]));
    payload["invitation"]["id"].clone()
}

/// The mail of the invitation for that address, once it is as wanted.
async fn mail(admin: &Client, email: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..2_000 {
        let data = admin.data(LIST, json!({})).await;
        let nodes = data["organisation"]["invitations"]["nodes"].as_array().unwrap();
        let one = nodes.iter().find(|one| one["email"] == email).unwrap();
        assert_eq!(one["status"], "PENDING", "whatever becomes of its mail");
        last = one["mail"].clone();
        if wanted(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the mail to {email} stays {last}");
}

/// The same, once so many attempts failed.
async fn failed(admin: &Client, email: &str, attempts: u64) -> Value {
    mail(admin, email, |mail| {
        mail["attempts"] == attempts && mail["trouble"].is_string()
    })
    .await
}

fn header<'a>(mail: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = mail["headers"].as_array().unwrap().iter();
    let of_name = headers.filter(|header| header[0].as_str().unwrap().eq_ignore_ascii_case(name));
    of_name.map(|header| header[1].as_str().unwrap()).collect()
}

fn secret(mail: &Value) -> String {
    let text = mail["text"].as_str().unwrap();
    let (_, rest) = text.split_once('#').expect("a link");
    rest.chars().take_while(|c| !c.is_whitespace()).collect()
}

#[tokio::test]
async fn a_mail_server_takes_a_mail_as_text_and_as_html_and_its_link_works() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut server = Server::start(&[]).await;
        let world = world(kind, smtp(server.address)).await;
        let admin = world.as_role("nanoAdmin").await;
        invite(&admin, "nora@example.com").await;
        let taken = server.next().await;
        assert_eq!(taken["from"], "portcullis@example.com");
        assert_eq!(taken["to"], json!(["nora@example.com"]));
        assert_eq!(header(&taken, "from"), ["Portcullis <portcullis@example.com>"]);
        assert_eq!(header(&taken, "subject"), ["You are invited to Northwind Live"]);
        assert!(header(&taken, "message-id")[0].ends_with("@example.com>"));
        let link = format!("http://live.example.com/invitation#{}", secret(&taken));
        assert!(taken["html"].as_str().unwrap().contains(&format!("href=\"{link}\"")));
        let sent = mail(&admin, "nora@example.com", |mail| mail["status"] == "SENT").await;
        assert_eq!((&sent["attempts"], &sent["trouble"]), (&json!(1), &Value::Null));
        let accept = "mutation($s: String!) { acceptInvitation(input: {secret: $s, name: \"Nora\", password: \"correct horse\"}) {
            viewer { role } errors { code } } }";
        let joined = world.anonymous().data(accept, json!({ "s": secret(&taken) })).await;
        assert_eq!(joined["acceptInvitation"]["viewer"]["role"], "nanoUser");
    }
}

#[tokio::test]
async fn a_name_adds_no_header_and_no_markup() {
    let mut server = Server::start(&[]).await;
    let world = world(Kind::Sqlite, smtp(server.address)).await;
    let admin = world.as_role("nanoAdmin").await;
    // Past every check of ours: as if one were forgotten.
    let names = [
        ("Evil\r\nBcc: thief@example.com\r\n\r\n<script>", "<script>"),
        ("Evil\nSubject: other\u{2028}\u{85}", "Evil"),
        ("=?utf-8?q?Evil=0D=0ABcc:_thief?=", "Evil"),
        ("Größe \"Quoted\", <b> & Söhne", "Größe"),
    ];
    let database = Open::connect(world.database.url()).await.unwrap();
    for (n, (name, said)) in names.into_iter().enumerate() {
        for table in ["organisation", "app_user"] {
            let name = name.replace('\'', "''");
            let update = format!("UPDATE {table} SET name = '{name}'");
            database.execute_unprepared(&update).await.unwrap();
        }
        let to = format!("nora{n}@example.com");
        invite(&admin, &to).await;
        let taken = server.next().await;
        let names: Vec<_> = taken["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|header| &header[0])
            .collect();
        let only = [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "MIME-Version",
            "Content-Type",
        ];
        assert_eq!(names.len(), only.len(), "{names:?}");
        assert!(only.iter().all(|name| !header(&taken, name).is_empty()), "{names:?}");
        assert_eq!(taken["to"], json!([to]), "nobody else got it");
        assert!(taken["text"].as_str().unwrap().contains(said), "{taken}");
        let html = taken["html"].as_str().unwrap();
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
    }
}

#[tokio::test]
async fn an_encrypted_way_is_taken_to_whom_everybody_or_the_operators_own_authority_vouches_for() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    for (option, security) in [("starttls", Security::StartTls), ("tls", Security::Tls)] {
        let (certificate, key) = ours.signs("IP:127.0.0.1");
        let (alone, alone_key) = ours.alone("IP:127.0.0.1");
        let (other, other_key) = theirs.signs("DNS:other.example.com");
        for (certificate, key, trusted, good) in [
            (&certificate, &key, Some(ours.certificate()), true),
            // One that vouches for itself is an authority of its own.
            (&alone, &alone_key, Some(alone.clone()), true),
            (&certificate, &key, None, false),
            (&certificate, &key, Some(theirs.certificate()), false),
            (&other, &other_key, Some(theirs.certificate()), false),
        ] {
            // What is trusted is the same code for both.
            if security == Security::Tls && trusted.is_some() && !good {
                continue;
            }
            let options = ["--security", option, "--certificate", certificate, "--key", key];
            let mut server = Server::start(&options).await;
            let mut smtp = smtp(server.address);
            smtp.security = security;
            smtp.authority = trusted.as_ref().map(|file| {
                let pem = std::fs::read(file).unwrap();
                api::Authority::from_pem(&pem).unwrap()
            });
            let world = world(Kind::Sqlite, smtp).await;
            let admin = world.as_role("nanoAdmin").await;
            invite(&admin, "nora@example.com").await;
            if good {
                assert_eq!(server.next().await["encrypted"], true, "{option}");
            } else {
                let mail = failed(&admin, "nora@example.com", 1).await;
                assert_eq!(mail["status"], "QUEUED", "{option} {trusted:?}");
                assert!(mail["trouble"].as_str().unwrap().contains("certificate"), "{mail}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_is_given_neither_mail_nor_password() {
    let server = Server::start(&["--user", "portcullis", "--password", "hunter2"]).await;
    let mut smtp = smtp(server.address);
    smtp.security = Security::StartTls;
    smtp.login = Some(Login::new("portcullis".to_owned(), "hunter2".to_owned()));
    let world = world(Kind::Sqlite, smtp).await;
    let admin = world.as_role("nanoAdmin").await;
    invite(&admin, "nora@example.com").await;
    let mail = failed(&admin, "nora@example.com", 1).await;
    assert_eq!(mail["status"], "QUEUED");
    assert!(mail["trouble"].as_str().unwrap().contains("STARTTLS"), "{mail}");
}

#[tokio::test]
async fn a_login_opens_the_server_and_a_wrong_one_is_told_without_its_password() {
    let authority = Authority::new();
    let (certificate, key) = authority.signs("IP:127.0.0.1");
    let options = [
        "--user",
        "portcullis",
        "--password",
        "hunter2",
        "--security",
        "starttls",
    ];
    let options = [&options[..], &["--certificate", &certificate, "--key", &key]].concat();
    for (password, good) in [("hunter2", true), ("hunter3", false)] {
        let mut server = Server::start(&options).await;
        let mut smtp = smtp(server.address);
        smtp.security = Security::StartTls;
        smtp.login = Some(Login::new("portcullis".to_owned(), password.to_owned()));
        let pem = std::fs::read(authority.certificate()).unwrap();
        smtp.authority = Some(api::Authority::from_pem(&pem).unwrap());
        let world = world(Kind::Sqlite, smtp).await;
        let admin = world.as_role("nanoAdmin").await;
        invite(&admin, "nora@example.com").await;
        if good {
            let taken = server.next().await;
            assert_eq!(
                (&taken["user"], &taken["encrypted"]),
                (&json!("portcullis"), &json!(true))
            );
        } else {
            // The operator mends that: the mail waits for it.
            let mail = failed(&admin, "nora@example.com", 1).await;
            assert_eq!(mail["status"], "QUEUED");
            let trouble = mail["trouble"].as_str().unwrap();
            assert!(trouble.contains("535") && !trouble.contains(password), "{trouble}");
        }
    }
}

#[tokio::test]
async fn a_mail_waits_longer_each_time_for_a_server_that_is_down_or_silent_and_then_goes_out() {
    let mut server = Server::start(&[]).await;
    let line = Line::to(server.address, State::Down).await;
    let mut smtp = smtp(line.address);
    smtp.timeout = Duration::from_secs(1);
    let world = world(Kind::Sqlite, smtp).await;
    let admin = world.as_role("nanoAdmin").await;
    invite(&admin, "nora@example.com").await;
    let first = failed(&admin, "nora@example.com", 1).await;
    assert_eq!((&first["status"], &first["sentAt"]), (&json!("QUEUED"), &Value::Null));
    assert_eq!(first["nextAttemptAt"], "2027-01-15T08:01:00+00:00");

    line.is(State::Silent);
    world.pass(Duration::from_mins(1));
    let second = mail(&admin, "nora@example.com", |mail| {
        mail["trouble"]
            .as_str()
            .is_some_and(|trouble| trouble.contains("did not answer"))
    })
    .await;
    assert_eq!((&second["status"], &second["attempts"]), (&json!("QUEUED"), &json!(2)));
    assert_eq!(second["nextAttemptAt"], "2027-01-15T08:03:00+00:00");
    // What hangs holds up nobody: another mail finds the server again.
    line.is(State::Up);
    invite(&admin, "otto@example.com").await;
    assert_eq!(server.next().await["to"], json!(["otto@example.com"]));

    world.pass(Duration::from_mins(2));
    assert_eq!(server.next().await["to"], json!(["nora@example.com"]));
    let sent = mail(&admin, "nora@example.com", |mail| mail["status"] == "SENT").await;
    assert_eq!((&sent["attempts"], &sent["trouble"]), (&json!(3), &Value::Null));
}

#[tokio::test]
async fn a_mail_that_never_goes_out_is_given_up_after_three_days_and_said_to_be() {
    let line = Line::to(([127, 0, 0, 1], 1).into(), State::Down).await;
    let world = world(Kind::Sqlite, smtp(line.address)).await;
    let admin = world.as_role("nanoAdmin").await;
    invite(&admin, "nora@example.com").await;
    failed(&admin, "nora@example.com", 1).await;
    world.pass(Duration::from_hours(3 * 24));
    let given_up = mail(&admin, "nora@example.com", |mail| mail["status"] == "GIVEN_UP").await;
    assert_eq!(given_up["nextAttemptAt"], Value::Null);
    assert!(given_up["trouble"].is_string());
}

#[tokio::test]
async fn a_refusal_for_good_is_told_at_once_and_one_for_now_is_tried_again() {
    let mut server = Server::start(&[]).await;
    let world = world(Kind::Sqlite, smtp(server.address)).await;
    let admin = world.as_role("nanoAdmin").await;
    let id = invite(&admin, "nobody@example.com").await;
    let refused = failed(&admin, "nobody@example.com", 1).await;
    assert_eq!(
        (&refused["status"], &refused["nextAttemptAt"]),
        (&json!("GIVEN_UP"), &Value::Null)
    );
    assert!(refused["trouble"].as_str().unwrap().contains("550"), "{refused}");
    assert!(
        refused["trouble"].as_str().unwrap().contains("nobody of that name"),
        "{refused}"
    );

    // After the mail, with its link in the refusal: the link is nobody's to read.
    invite(&admin, "quoted@example.com").await;
    let quoted = failed(&admin, "quoted@example.com", 1).await;
    assert_eq!(quoted["status"], "GIVEN_UP");
    let trouble = quoted["trouble"].as_str().unwrap();
    assert!(trouble.contains("/invitation#[redacted] is on a list"), "{trouble}");

    invite(&admin, "later@example.com").await;
    let put_off = failed(&admin, "later@example.com", 1).await;
    assert_eq!(put_off["status"], "QUEUED");
    assert!(put_off["trouble"].as_str().unwrap().contains("451"), "{put_off}");
    world.pass(Duration::from_mins(1));
    failed(&admin, "later@example.com", 2).await;

    // The invitation that was refused is there to be sent anew, or taken back.
    let withdraw = "mutation($id: ID!) { withdrawInvitation(input: {id: $id}) { invitation { status } } }";
    let withdrawn = admin.data(withdraw, json!({ "id": id })).await;
    assert_eq!(withdrawn["withdrawInvitation"]["invitation"]["status"], "WITHDRAWN");
    invite(&admin, "nora@example.com").await;
    assert_eq!(server.next().await["to"], json!(["nora@example.com"]));
}

#[tokio::test]
async fn a_mail_that_was_taken_goes_out_once_though_the_server_hangs_afterwards() {
    let mut server = Server::start(&[]).await;
    let mut smtp = smtp(server.address);
    smtp.timeout = Duration::from_secs(2);
    let world = world(Kind::Sqlite, smtp).await;
    let admin = world.as_role("nanoAdmin").await;
    invite(&admin, "slow@example.com").await;
    assert_eq!(server.next().await["to"], json!(["slow@example.com"]));
    let sent = mail(&admin, "slow@example.com", |mail| {
        mail["status"] == "SENT" || mail["trouble"].is_string()
    })
    .await;
    assert_eq!((&sent["status"], &sent["attempts"]), (&json!("SENT"), &json!(1)));
}

/// People cannot even be looked up, and the answer is the same: nothing is looked up before it.
#[tokio::test]
async fn a_forgotten_password_is_answered_before_anybody_is_looked_up() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut server = Server::start(&[]).await;
        let world = world(kind, smtp(server.address)).await;
        let database = Open::connect(world.database.url()).await.unwrap();
        let run = async |statement: &str| database.execute_unprepared(statement).await.unwrap();
        run("ALTER TABLE app_user RENAME TO hidden").await;
        let mut answers = Vec::new();
        for email in [&world.demo.users[1].email, "nobody@example.com", "no address"] {
            let answer = world.anonymous().ask(ASK, json!({ "e": email })).await;
            answers.push((answer.status, answer.text));
        }
        assert_eq!(
            answers[0].1,
            json!({ "data": { "requestPasswordReset": { "errors": [] } } }).to_string()
        );
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        // Each job finds that out for itself.
        let failed = "SELECT count(*) AS n FROM mail WHERE trouble IS NOT NULL";
        let failed = Statement::from_string(database.get_database_backend(), failed);
        let failed = async || {
            let row = database.query_one_raw(failed.clone()).await.unwrap().unwrap();
            row.try_get::<i64>("", "n").unwrap()
        };
        while failed().await < 3 {
            tokio::task::yield_now().await;
        }
        run("ALTER TABLE hidden RENAME TO app_user").await;
        // None was lost: it looks the person up when it is its turn again.
        world.pass(Duration::from_mins(1));
        let taken = server.next().await;
        assert_eq!(taken["to"], json!([world.demo.users[1].email]));
        assert!(taken["text"].as_str().unwrap().contains("/reset#"), "{taken}");
        // Mails leave in the order of their making: nobody else was mailed anything.
        let admin = world.as_role("nanoAdmin").await;
        invite(&admin, "nora@example.com").await;
        assert_eq!(server.next().await["to"], json!(["nora@example.com"]));
    }
}
