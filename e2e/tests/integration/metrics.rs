//! What the operator of the platform reads: a real Prometheus, and the dashboard for Grafana that goes with it.

use std::{collections::BTreeSet, fs, net::SocketAddr};

use serde_json::{Value, json};

use crate::stage::{Home, Person, Program, Viewer, curl, free_port, get, until};

/// Relative to this package, where its tests run.
const DASHBOARD: &str = "../docs/examples/grafana.json";

#[tokio::test]
async fn each_metric_stands_in_the_dashboard_whose_questions_prometheus_answers() {
    let home = Home::new();
    let (ops, asked) = (free_port().to_string(), free_port());
    let server = home.demo_with(&format!("[ops]\naddress = \"{ops}\"\n")).await;

    // Somebody watches, somebody is refused, somebody is cut off.
    let admin = Person::admin(&server).await;
    let test = server.test();
    let mut viewer = Viewer::open(&server.socket(test.name(), test.token())).await;
    viewer.watch(5).await;
    let token = admin.token_for(test.name()).await;
    let mut cut = Viewer::open(&server.socket(test.name(), &token)).await;
    cut.watch(2).await;
    admin.revoke(json!({ "token": token })).await;
    cut.last_word().await;
    assert_eq!(
        get(&server.door(test.name(), "index.m3u8", "nonsense")).await.status,
        403
    );

    let questions = questions();
    let text = get(&format!("http://{ops}/metrics")).await.text();
    let told = named(&text, "# TYPE ");
    assert_eq!(named(&text, "# HELP "), told, "each says what it is");
    let shown: BTreeSet<_> = questions.iter().flat_map(|question| metrics(question)).collect();
    let ours = |names: &BTreeSet<String>| -> BTreeSet<String> {
        let ours = names.iter().filter(|name| name.starts_with("portcullis_"));
        ours.cloned().collect()
    };
    assert_eq!(ours(&shown), ours(&told), "what the dashboard shows, and what is told");
    assert_eq!(
        shown.difference(&told).next(),
        None,
        "the dashboard shows what nobody tells"
    );

    let _prometheus = prometheus(&home, &ops, asked).await;
    // Rates need two readings.
    until("Prometheus has read thrice", async || {
        let answer = ask(asked, "count_over_time(portcullis_nodes[1m]) > 2").await;
        (answer.as_array()?.len() == 1).then_some(())
    })
    .await;
    for question in &questions {
        let answer = ask(asked, question).await;
        assert!(
            answer.as_array().is_some_and(|found| !found.is_empty()),
            "{question}: {answer}"
        );
    }
    let viewers = ask(asked, r#"sum(portcullis_sessions{door="playback"})"#).await;
    assert_eq!(viewers[0]["value"][1], "1");
    viewer.watch(1).await;
}

/// Everything that the dashboard asks, with its variables filled in as Grafana does.
fn questions() -> Vec<String> {
    let text = fs::read_to_string(DASHBOARD).expect("a file");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let filled = |target: &Value| {
        let question = target["expr"].as_str().expect("a question");
        question
            .replace("$__rate_interval", "1m")
            .replace("$instance", ".*")
            .replace("$job", ".*")
    };
    targets.map(filled).collect()
}

/// The metrics that a question is about; a histogram's buckets are asked for by another name.
fn metrics(question: &str) -> BTreeSet<String> {
    let words = question.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let metric = |word: &&str| word.starts_with("portcullis_") || word.starts_with("process_");
    let name = |word: &str| word.strip_suffix("_bucket").unwrap_or(word).to_owned();
    words.filter(metric).map(name).collect()
}

/// The names on lines that begin so.
fn named(text: &str, begin: &str) -> BTreeSet<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(begin));
    lines
        .filter_map(|line| Some(line.split(' ').next()?.to_owned()))
        .collect()
}

/// Reads `ops` once a second, and answers at `asked`.
async fn prometheus(home: &Home, ops: &str, asked: SocketAddr) -> Program {
    let scrape = json!({ "scrape_configs": [{
        "job_name": "portcullis", "scrape_interval": "1s", "static_configs": [{ "targets": [ops] }],
    }] });
    let file = home.path("prometheus.yml");
    fs::write(&file, scrape.to_string()).expect("a file");
    let arguments = [
        format!("--config.file={}", file.display()),
        format!("--storage.tsdb.path={}", home.path("prometheus").display()),
        format!("--web.listen-address={asked}"),
    ];
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let prometheus = Program::start(&home.path("prometheus.log"), "prometheus", &arguments, asked).await;
    // It listens before it answers.
    let ready = format!("http://{asked}/-/ready");
    until("Prometheus is ready", async || {
        (get(&ready).await.status == 200).then_some(())
    })
    .await;
    prometheus
}

async fn ask(prometheus: SocketAddr, question: &str) -> Value {
    let (address, query) = (format!("http://{prometheus}/api/v1/query"), format!("query={question}"));
    let answer = curl(&["--get", "--data-urlencode", &query, &address], None)
        .await
        .json();
    assert_eq!(answer["status"], "success", "{question}: {answer}");
    answer["data"]["result"].clone()
}
