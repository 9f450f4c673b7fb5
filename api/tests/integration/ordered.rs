//! In which order rows of the views are: as what each row shows says, by every column and either way, page for page.
//! Rows that are alike go by who was there last, then by what they are of.

use std::{cmp::Ordering, ops::Range, time::Duration};

use guard::{Grant, Place};
use link::{Kind as Event, SessionEnd, SessionFacts};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::{range, viewing},
    harness::{Client, World, granted},
    privacy::{eventually, refused},
};

/// A view: its field, how its rows are taken together, its order, and what a row shows.
#[derive(Clone, Copy)]
struct View {
    field: &'static str,
    group: &'static str,
    order: &'static str,
    shown: &'static str,
}

const TOKENS: View = View {
    field: "byToken",
    group: "",
    order: "TokenUsageOrder",
    shown: "subject: jti user tag durationSumS durationAvgS sessions streams ips topProviders { name }
        topCountries { name } topReferrers { name } firstStart lastEnd maxConcurrency score status",
};
const VIEWERS: View = View {
    field: "byViewer",
    group: "",
    order: "ViewerUsageOrder",
    shown:
        "subject: user durationSumS durationAvgS sessions streams tokens ips topProviders { name } topCountries { name }
        bytes firstStart lastEnd maxConcurrency score banned",
};
const ADDRESSES: View = View {
    field: "byAddress",
    group: "groupBy: ADDRESS, ",
    order: "AddressUsageOrder",
    shown: "subject: ip durationSumS durationAvgS sessions streams tokens tags provider country firstStart lastEnd
        maxConcurrency score blocked",
};
const SUBNETS: View = View {
    group: "groupBy: SUBNET, ",
    ..ADDRESSES
};
const NETWORKS: View = View {
    group: "groupBy: NETWORK, ",
    ..ADDRESSES
};

/// What a row shows in a column.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Shown {
    Number(f64),
    Microseconds(i64),
    Text(String),
}

impl View {
    /// Every row, so many at once.
    async fn rows(self, admin: &Client, r: &Value, (order, direction): (&str, &str), first: usize) -> Vec<Value> {
        let Self {
            field,
            group,
            order: kind,
            shown,
        } = self;
        let query = format!(
            "query($r: TimeRange!, $o: {kind}, $d: OrderDirection, $first: Int, $after: String) {{ organisation {{
            analytics(range: $r) {{ {field}({group}orderBy: $o, direction: $d, first: $first, after: $after) {{
            totalCount pageInfo {{ endCursor hasNextPage }} nodes {{ {shown} }} }} }} }} }}"
        );
        let (mut rows, mut after) = (Vec::new(), Value::Null);
        loop {
            let asked = json!({ "r": r, "o": order, "d": direction, "first": first, "after": after });
            let page = admin.data(&query, asked).await["organisation"]["analytics"][field].clone();
            rows.extend(page["nodes"].as_array().unwrap().iter().cloned());
            if page["pageInfo"]["hasNextPage"] == false {
                assert_eq!(page["totalCount"], rows.len(), "{field}, {order}");
                return rows;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    /// Every row that there is, in the view's own order.
    async fn all(self, admin: &Client, r: &Value) -> Vec<Value> {
        self.rows(admin, r, ("SCORE", "DESCENDING"), 100).await
    }

    /// The orders that there are.
    async fn orders(self, admin: &Client) -> Vec<String> {
        let query = format!("{{ __type(name: \"{}\") {{ enumValues {{ name }} }} }}", self.order);
        let found = admin.data(&query, json!({})).await["__type"]["enumValues"].clone();
        let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
        found.as_array().unwrap().iter().map(name).collect()
    }

    async fn is_ordered(self, admin: &Client, r: &Value) {
        let all = self.all(admin, r).await;
        for order in self.orders(admin).await {
            let of = format!("{} {}{order}", self.field, self.group);
            let first = shown(&all[0], &order);
            assert!(all.iter().any(|row| shown(row, &order) != first), "{of}: all are alike");
            for direction in ["ASCENDING", "DESCENDING"] {
                let wanted = ordered(&all, &order, direction == "DESCENDING");
                for first in [100, 2] {
                    let rows = self.rows(admin, r, (&order, direction), first).await;
                    let rows: Vec<_> = rows.iter().map(subject).collect();
                    assert_eq!(rows, wanted, "{of}, {direction}, {first} at once");
                }
            }
        }
    }
}

/// What a row is of, as it is compared.
fn subject(row: &Value) -> String {
    let name = row["subject"].as_str().unwrap();
    match name.strip_prefix("AS") {
        Some(number) => number.to_owned(),
        None if name == "none" => String::new(),
        None => name.to_owned(),
    }
}

fn moment(row: &Value, name: &str) -> i64 {
    let at = row[name].as_str().unwrap_or_else(|| panic!("{name} of {row}"));
    chrono::DateTime::parse_from_rfc3339(at).unwrap().timestamp_micros()
}

/// What rows go by.
fn shown(row: &Value, order: &str) -> Shown {
    let number = |name: &str| Shown::Number(row[name].as_f64().unwrap_or_else(|| panic!("{name} of {row}")));
    let text = |name: &str| Shown::Text(row[name].as_str().unwrap_or_default().to_owned());
    let many = |name: &str| Shown::Number(row[name].as_array().unwrap().iter().map(|_| 1.0).sum());
    let is = |name: &str| Shown::Number(f64::from(u8::from(row[name].as_bool().unwrap())));
    match order {
        "SCORE" => number("score"),
        "DURATION_SUM" => number("durationSumS"),
        "DURATION_AVG" => number("durationAvgS"),
        "SESSIONS" => number("sessions"),
        "STREAMS" => number("streams"),
        "IPS" => number("ips"),
        "TOKENS" => number("tokens"),
        "BYTES" => number("bytes"),
        "MAX_CONCURRENCY" => number("maxConcurrency"),
        "FIRST_START" => Shown::Microseconds(moment(row, "firstStart")),
        "LAST_END" => Shown::Microseconds(moment(row, "lastEnd")),
        "JTI" | "IP" => Shown::Text(subject(row)),
        "USER" if row["user"].is_null() => Shown::Text(subject(row)),
        "USER" => text("user"),
        "TAG" => text("tag"),
        "PROVIDER" => text("provider"),
        "COUNTRY" => text("country"),
        "PROVIDERS" => many("topProviders"),
        "COUNTRIES" => many("topCountries"),
        "REFERRERS" => many("topReferrers"),
        "TAGS" => many("tags"),
        "BANNED" => is("banned"),
        "BLOCKED" => is("blocked"),
        "STATUS" => Shown::Number(match row["status"].as_str().unwrap() {
            "REVOKED" => 2.0,
            "EXPIRED" => 1.0,
            _ => 0.0,
        }),
        order => panic!("what {order} goes by is not said here"),
    }
}

/// What the rows are of, in the order in which they are to be.
fn ordered(rows: &[Value], order: &str, descending: bool) -> Vec<String> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by(|one, other| {
        let ranked = shown(one, order).partial_cmp(&shown(other, order)).unwrap();
        let ranked = if descending { ranked.reverse() } else { ranked };
        let later: Ordering = moment(other, "lastEnd").cmp(&moment(one, "lastEnd"));
        ranked.then(later).then_with(|| subject(one).cmp(&subject(other)))
    });
    rows.into_iter().map(subject).collect()
}

/// A session: the stream's place in the demo, from which address, country and network, from which page, and from which
/// second on for how many.
type Stay<'a> = (usize, &'a str, (&'a str, u32), &'a str, u64, u64);

const THERE: usize = 0;
const HERE: usize = 1;

/// Whoever watches: their token, viewer, label and sessions.
struct Watched<'a> {
    jti: &'a str,
    user: &'a str,
    tag: Option<&'a str>,
    sessions: &'a [Stay<'a>],
}

/// What a node tells of a session, by when: it is heard of every ten seconds.
fn told(facts: &SessionFacts, seconds: Range<u64>) -> Vec<(u64, Event)> {
    let (session, organisation, stream) = (facts.session, facts.organisation, facts.stream);
    let begun = [(seconds.start, Event::Started(facts.clone()))];
    let beats = seconds.clone().step_by(10).skip(1).map(|second| {
        let bytes = (second - seconds.start) * 1_000_000;
        let beat = Event::Beat {
            session,
            organisation,
            bytes,
            requests: 1,
        };
        (second, beat)
    });
    let end = SessionEnd {
        session,
        organisation,
        stream,
        bytes: (seconds.end - seconds.start) * 1_000_000,
        requests: 1,
        reason: None,
    };
    let ended = [(seconds.end, Event::Ended(end))];
    begun.into_iter().chain(beats).chain(ended).collect()
}

async fn rows_are_ordered_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let (begin, r) = (world.clock.now(), range(&world, 3_600));
    let made = async |user: &str, ttl: u64| {
        let token = json!({ "streams": [world.stream()], "user": user, "ttlSeconds": ttl });
        let made = admin.make_token(token).await["record"]["jti"].clone();
        made.as_str().unwrap().to_owned()
    };
    let (expired, revoked) = (made("eve", 60).await, made("eve", 3_600).await);
    let of = |jti, user, tag, sessions| Watched {
        jti,
        user,
        tag,
        sessions,
    };
    let all = [
        of(
            "a",
            "ann",
            Some("app"),
            &[
                (HERE, "198.51.100.1", ("DE", 64_500), "shop.example", 0, 60),
                (HERE, "198.51.100.1", ("DE", 64_500), "shop.example", 60, 60),
                (THERE, "198.51.101.2", ("AT", 64_501), "blog.example", 90, 60),
            ],
        ),
        of(
            "b",
            "bob",
            Some("web"),
            &[(HERE, "2001:db8::7", ("DE", 64_500), "shop.example", 10, 600)],
        ),
        of(
            "c",
            "cat",
            Some("tv"),
            &[
                (HERE, "198.51.100.1", ("FR", 64_502), "shop.example", 100, 30),
                (THERE, "192.0.2.9", ("FR", 64_502), "news.example", 100, 40),
                (HERE, "192.0.2.9", ("IT", 64_503), "shop.example", 100, 35),
            ],
        ),
        // From as many places as no viewer is, which is found.
        of(
            "d",
            "dan",
            Some("pc"),
            &[
                (HERE, "192.0.4.1", ("DE", 64_500), "shop.example", 200, 50),
                (HERE, "192.0.5.1", ("DE", 64_501), "shop.example", 200, 50),
                (HERE, "192.0.6.1", ("AT", 64_502), "shop.example", 200, 50),
                (HERE, "192.0.7.1", ("AT", 64_506), "shop.example", 200, 50),
            ],
        ),
        of(
            &expired,
            "eve",
            None,
            &[(HERE, "203.0.113.5", ("US", 64_504), "shop.example", 20, 30)],
        ),
        of(
            &revoked,
            "eve",
            Some("web"),
            &[
                (HERE, "203.0.113.6", ("CA", 64_505), "shop.example", 30, 60),
                (HERE, "203.0.113.6", ("CA", 64_505), "shop.example", 40, 60),
            ],
        ),
        // Nobody knows where that is.
        of(
            "n",
            "nel",
            None,
            &[(HERE, "192.0.3.1", ("", 0), "shop.example", 300, 10)],
        ),
    ];
    let (mut n, mut events) = (0, Vec::new());
    for Watched {
        jti,
        user,
        tag,
        sessions,
    } in all
    {
        for &(stream, address, (country, asn), page, from, seconds) in sessions {
            n += 1;
            let base = viewing(&world, n, jti, address, country, asn);
            let elsewhere = world.viewing(&world.demo.streams[stream].name, n);
            let facts = SessionFacts {
                stream: elsewhere.stream,
                name: elsewhere.name,
                grant: Some(Grant {
                    user: Some(user.into()),
                    tag: tag.map(Into::into),
                    ..granted(jti)
                }),
                referrer: Some(page.into()),
                ..base
            };
            let facts = if country.is_empty() {
                SessionFacts {
                    place: Place::default(),
                    provider: None,
                    ..facts
                }
            } else {
                facts
            };
            events.extend(told(&facts, from..from + seconds));
        }
    }
    for n in 1..20 {
        refused(&world, begin.plus(Duration::from_secs(n)), n, "203.0.113.6", "forged");
    }
    events.sort_by_key(|(second, _)| *second);
    for (second, event) in events {
        world.node.tell(begin.plus(Duration::from_secs(second)), event);
    }
    let change = async |query: &str| {
        let changed = admin.data(query, json!({})).await;
        let changed = changed.as_object().unwrap().values().next().unwrap();
        assert_eq!(changed["errors"], json!([]), "{query}");
    };
    change("mutation { banUser(input: {user: \"bob\"}) { errors { code } } }").await;
    for (kind, value) in [("IP", "198.51.100.0/24"), ("ASN", "64503"), ("ASN", "64501")] {
        let input = format!("{{kind: {kind}, value: \"{value}\", action: DENY}}");
        change(&format!(
            "mutation {{ createGuardianRule(input: {input}) {{ errors {{ code }} }} }}"
        ))
        .await;
    }
    assert_eq!(admin.revoke(json!({ "jti": revoked })).await["errors"], json!([]));
    world.pass(Duration::from_secs(90));

    let seen = async || {
        let mut seen = Vec::new();
        for view in [TOKENS, VIEWERS, ADDRESSES, SUBNETS, NETWORKS] {
            seen.push(view.all(&admin, &r).await);
        }
        seen
    };
    eventually("all is written, and what is to be found was found", async || {
        let before = seen().await;
        let is_found = |rows: &Vec<Value>| rows.iter().any(|row| row["score"] != 0);
        let is_over = |rows: &Vec<Value>| rows.iter().all(|row| row["lastEnd"].is_string());
        let sessions: u64 = before[0].iter().filter_map(|row| row["sessions"].as_u64()).sum();
        let is_whole = sessions == n && before.iter().all(|rows| is_found(rows) && is_over(rows));
        // Findings are written beside sums.
        tokio::time::sleep(Duration::from_millis(300)).await;
        is_whole && seen().await == before
    })
    .await;
    for view in [TOKENS, VIEWERS, ADDRESSES, SUBNETS, NETWORKS] {
        view.is_ordered(&admin, &r).await;
    }
}

#[tokio::test]
async fn rows_are_in_the_order_of_what_they_show_by_every_column_and_either_way() {
    rows_are_ordered_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn rows_are_in_the_order_of_what_they_show_by_every_column_and_either_way_on_postgresql() {
    rows_are_ordered_on(Kind::Postgres).await;
}
