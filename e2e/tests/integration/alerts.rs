//! Alerts, as a customer gets them: by mail, by webhook and by a collector of syslog, each of them real.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::stage::{Authority, Home, MailServer, Person, Program, Receiver, Says, Server, free_port, get, until};

const PRIVATE: &str = "[outbound]\ndanger_allow_private_networks = true\n";
const ALERTS: &str = "{ organisation { alerts { nodes { id state notifications value peak } } } }";

/// syslog-ng, which takes messages of RFC 5424 counted by octets, over TCP and TLS, and writes what it understood of each.
struct Collector {
    tcp: u16,
    tls: u16,
    file: std::path::PathBuf,
    _program: Program,
}

impl Collector {
    async fn start(home: &Home, authority: &Authority) -> Self {
        let [certificate, key] = authority.signs().await;
        let (tcp, tls, file) = (free_port(), free_port(), home.path("collected"));
        let configuration = format!(
            "@version: 3.35\noptions {{ keep-hostname(yes); }};\n\
             source s {{\n\
               syslog(ip(127.0.0.1) port({}) transport(\"tcp\"));\n\
               syslog(ip(127.0.0.1) port({}) transport(\"tls\") tls(key-file(\"{key}\") cert-file(\"{certificate}\") peer-verify(optional-untrusted)));\n\
             }};\n\
             destination d {{ file(\"{}\" template(\"$(format-json --scope rfc5424 --key .SDATA.* --leave-initial-dot MSGID=$MSGID PRI=$PRI PORT=$DESTPORT)\\n\")); }};\n\
             log {{ source(s); destination(d); }};\n",
            tcp.port(),
            tls.port(),
            file.display()
        );
        let config = home.path("syslog-ng.conf");
        fs::write(&config, configuration).expect("a file");
        let part = |name: &str| home.path(name).to_str().expect("a path").to_owned();
        let arguments = [
            "--foreground".to_owned(),
            "--no-caps".to_owned(),
            format!("--cfgfile={}", config.display()),
            format!("--persist-file={}", part("syslog-ng.persist")),
            format!("--pidfile={}", part("syslog-ng.pid")),
            format!("--control={}", part("syslog-ng.ctl")),
        ];
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let program = Program::start(&home.path("syslog-ng.log"), "/usr/sbin/syslog-ng", &arguments, tls).await;
        Self {
            tcp: tcp.port(),
            tls: tls.port(),
            file,
            _program: program,
        }
    }

    /// What it understood so far.
    fn taken(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    /// Waits until it took that many of an event.
    async fn until(&self, event: &str, many: usize) -> Vec<Value> {
        until(&format!("{many} of {event} at the collector"), async || {
            let mut taken = self.taken();
            taken.retain(|message| message["MSGID"] == format!("ALERT_{}", event.to_ascii_uppercase()));
            (taken.len() >= many).then_some(taken)
        })
        .await
    }
}

fn mail_section(port: u16) -> String {
    format!("[mail]\nfrom = \"video@example.com\"\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n")
}

async fn receiver(admin: &Person, input: Value) -> String {
    let made = admin.change("saveAlertReceiver", &input, "alertReceiver { id }").await;
    made["alertReceiver"]["id"].as_str().expect("an id").to_owned()
}

async fn rule(admin: &Person, input: Value) {
    admin.change("saveAlertRule", &input, "alertRule { id }").await;
}

/// Has requests refused: so many, one after the other. Whoever is refused often is slowed, which is a refusal too.
async fn refuse(server: &Server, times: usize) {
    for _ in 0..times {
        let answer = get(&server.door(server.test().name(), "index.m3u8", "nonsense")).await;
        assert!(matches!(answer.status, 403 | 429), "{}", answer.status);
    }
}

/// What comes, and how long after `begun` it came.
async fn timed<T>(begun: Instant, comes: impl Future<Output = T>) -> (T, Duration) {
    let come = comes.await;
    (come, begun.elapsed())
}

async fn alerts(admin: &Person) -> Vec<Value> {
    let data = admin.ask(ALERTS, &json!({})).await;
    data["organisation"]["alerts"]["nodes"]
        .as_array()
        .expect("alerts")
        .clone()
}

#[tokio::test]
async fn an_alert_comes_by_mail_webhook_and_syslog_within_10_s_is_reminded_and_resolved() {
    let (home, authority) = (Home::new(), Authority::new().await);
    let mut mails = MailServer::start(&[]).await;
    let collector = Collector::start(&home, &authority).await;
    let server = home.demo_with(&format!("{PRIVATE}{}", mail_section(mails.port))).await;
    let (admin, backend) = (Person::admin(&server).await, Receiver::start().await);
    let hook = json!({ "url": backend.url, "calls": ["ALERT"], "encoding": "JSON" });
    let hook = admin.change("setWebhook", &hook, "secret").await;
    let secret = hook["secret"].as_str().expect("a secret");
    let people = receiver(&admin, json!({ "name": "People", "emails": ["ops@example.com"] })).await;
    let plain = json!({ "name": "Plain", "syslog": { "host": "127.0.0.1", "port": collector.tcp, "tls": false } });
    let plain = receiver(&admin, plain).await;
    let pem = fs::read_to_string(authority.certificate()).expect("a certificate");
    let sealed = json!({ "name": "Sealed \"TLS\" ]", "syslog": { "host": "127.0.0.1", "port": collector.tls, "certificate": pem } });
    let sealed = receiver(&admin, sealed).await;
    // Without its own authority nobody vouches for it.
    let unknown =
        json!({ "name": "Unknown", "enabled": false, "syslog": { "host": "127.0.0.1", "port": collector.tls } });
    let unknown = receiver(&admin, unknown).await;

    // A trial says what came of it.
    for (id, state) in [
        (&people, "DELIVERED"),
        (&plain, "DELIVERED"),
        (&sealed, "DELIVERED"),
        (&unknown, "FAILED"),
    ] {
        let tried = admin
            .change("testAlertReceiver", &json!({ "id": id }), "deliveries { state error }")
            .await;
        assert_eq!(tried["deliveries"][0]["state"], state, "{tried}");
    }
    assert!(
        mails.next().await["text"]
            .as_str()
            .is_some_and(|text| text.contains("This is a trial"))
    );
    assert_eq!(collector.until("test", 2).await.len(), 2);

    let name = "Refusals \"now\" ]\\";
    let input = json!({ "name": name, "metric": "DENIALS", "threshold": 5, "windowS": 10, "holdS": 5, "remindS": 10,
        "severity": "CRITICAL" });
    rule(&admin, input).await;
    let mut events = admin
        .subscribe("subscription { alerts { kind alert { name value } } }", json!({}))
        .await;
    let begun = Instant::now();
    refuse(&server, 8).await;
    // Each way's own time: none of them waits for another.
    let ((opened, by_webhook), (mail, by_mail), (taken, by_syslog)) = tokio::join!(
        timed(begun, backend.until("alert", 1)),
        timed(begun, mails.next()),
        timed(begun, collector.until("opened", 2)),
    );
    eprintln!("an alert: by webhook after {by_webhook:?}, by mail after {by_mail:?}, by syslog after {by_syslog:?}");
    for (way, took) in [("webhook", by_webhook), ("mail", by_mail), ("syslog", by_syslog)] {
        assert!(took < Duration::from_secs(10), "by {way} it took {took:?}");
    }
    assert_eq!(
        (&opened["event"], &opened["title"], &opened["severity"]),
        (&json!("opened"), &json!(name), &json!("critical"))
    );
    backend.calls()[0]
        .verified(secret)
        .await
        .expect("the library believes it");
    let event = events.next(|event| event["alerts"]["kind"] != "CHANGED").await;
    assert_eq!(event["alerts"]["kind"], "OPENED", "{event}");
    assert_eq!(mail["to"], json!(["ops@example.com"]));
    assert!(
        mail["text"]
            .as_str()
            .is_some_and(|text| text.contains("refusals within 10 seconds")),
        "{mail}"
    );
    for message in &taken {
        // Local use 0, critical; and what people are called, as it was before it was escaped.
        assert_eq!(message["PRI"], (16 * 8 + 2).to_string());
        let data = &message[".SDATA"]["portcullis@32473"];
        assert_eq!(
            (&data["name"], &data["event"]),
            (&json!(name), &json!("opened")),
            "{message}"
        );
        assert!(
            message["MESSAGE"]
                .as_str()
                .is_some_and(|text| text.contains("told from 5 on")),
            "{message}"
        );
    }

    // While it goes on, it is told again.
    let reminded = until("a reminder", async || {
        refuse(&server, 3).await;
        backend
            .about("alert")
            .into_iter()
            .find(|call| call["event"] == "reminded")
    })
    .await;
    assert_eq!(reminded["alert"], opened["alert"]);
    let resolved = until("the end", async || {
        backend
            .about("alert")
            .into_iter()
            .find(|call| call["event"] == "resolved")
    })
    .await;
    assert_eq!(
        (&resolved["alert"], &resolved["ending"]),
        (&opened["alert"], &json!("cleared"))
    );
    collector.until("resolved", 2).await;
    let many = |event: &str| {
        backend
            .about("alert")
            .iter()
            .filter(|call| call["event"] == event)
            .count()
    };
    assert_eq!((many("opened"), many("resolved")), (1, 1));
    let log = "{ organisation { alertDeliveries(first: 100) { nodes { event recipient state } } } }";
    until("the log", async || {
        let log = admin.ask(log, &json!({})).await.to_string();
        [
            "tcp://127.0.0.1",
            "tls://127.0.0.1",
            "ops@example.com",
            "RESOLVED",
            "REMINDED",
        ]
        .iter()
        .all(|part| log.contains(part))
        .then_some(())
    })
    .await;
    assert_eq!(alerts(&admin).await.len(), 1);
}

#[tokio::test]
async fn a_crash_between_an_alert_and_its_notification_costs_a_pause_and_nothing_is_told_twice() {
    let home = Home::new();
    let server = home.demo_with(PRIVATE).await;
    let (admin, backend) = (Person::admin(&server).await, Receiver::start().await);
    let hook = json!({ "url": backend.url, "calls": ["ALERT"], "encoding": "JSON" });
    admin.change("setWebhook", &hook, "secret").await;
    let input = json!({ "name": "Refusals", "metric": "DENIALS", "threshold": 5, "windowS": 86400, "remindS": null });
    rule(&admin, input).await;
    refuse(&server, 8).await;
    until("it is open", async || alerts(&admin).await.pop()).await;
    // It gathers still: nobody was told.
    server.kill().await;
    assert_eq!(backend.calls().len(), 0);

    // The receiver is down when it is told, and so is then the server.
    backend.says(Says::Answer(500, ""));
    let server = home.demo_with(PRIVATE).await;
    let opened = backend.until("alert", 1).await;
    assert_eq!(opened["event"], "opened");
    server.kill().await;
    let before = backend.calls().len();
    backend.says(Says::Answer(200, ""));
    let server = home.demo_with(PRIVATE).await;
    let admin = Person::admin(&server).await;
    until("it is tried again", async || {
        (backend.calls().len() > before).then_some(())
    })
    .await;
    let ids: Vec<_> = backend.calls().iter().map(|call| call.header("webhook-id")).collect();
    assert!(
        ids.iter().all(|id| id == &ids[0] && id.is_some()),
        "another id: {ids:?}"
    );
    assert_eq!(
        backend
            .about("alert")
            .iter()
            .filter(|call| call["event"] != "opened")
            .count(),
        0
    );

    // One more refusal is the same alert.
    let known = alerts(&admin).await;
    assert_eq!(
        (known.len(), &known[0]["state"], &known[0]["notifications"]),
        (1, &json!("OPEN"), &json!(1))
    );
    refuse(&server, 2).await;
    until("it counts on", async || {
        let all = alerts(&admin).await;
        assert_eq!(all.len(), 1);
        (all[0]["value"].as_f64() >= Some(10.0)).then_some(())
    })
    .await;
    let calls = backend.calls().len();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(backend.calls().len(), calls, "it is told once");
}
