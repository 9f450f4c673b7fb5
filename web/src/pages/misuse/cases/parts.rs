//! What is in a case: findings with their evidence, tokens, addresses, and their sessions in order of time.

use leptos::{prelude::*, task::spawn_local};

use super::super::{
    addresses::row_of,
    parts::{Score, tone_of},
    place::way_around,
    words,
};
use crate::{
    api::{
        cases::{self, Case, CaseAddress, CaseFinding, CaseSession, CaseToken, RemoveFromCaseInput},
        client::use_api,
        people::Permission,
    },
    country,
    kit::{Badge, Button, Card, Load, Look, Name, StatusBadge, Table, Tone, When, use_toasts},
    session::may,
    time,
};

/// The four lists; those that are empty are left out.
#[component]
pub(super) fn Parts(load: Load<Case>, case: Case) -> impl IntoView {
    let (api, toasts) = (use_api(), use_toasts());
    let id = StoredValue::new(case.id);
    let remove = Callback::new(move |item: cynic::Id| {
        spawn_local(async move {
            let input = RemoveFromCaseInput {
                id: id.get_value(),
                items: vec![item],
                notes: vec![],
            };
            match cases::remove_from_case(api, input).await {
                Ok(_) => load.again(),
                Err(refusal) => toasts.bad(refusal.to_string()),
            }
        });
    });
    let empty = case.findings.is_empty() && case.tokens.is_empty() && case.addresses.is_empty();
    view! {
        {empty.then(|| view! { <p class="soft">"Nothing is in it yet. Add to it from a finding, or from the details of a token or an address."</p> })}
        {list("Findings", vec!["Of", "Sign", "Evidence", "Points", "Seen", ""], case.findings, move |row| finding(row, remove))}
        {list("Tokens", vec!["JTI", "Status", "Score", "Sessions", "Seen", ""], case.tokens, move |row| token(row, remove))}
        {list("Addresses", vec!["IP", "From", "Score", "Sessions", "Seen", ""], case.addresses, move |row| address(row, remove))}
        {list("Sessions", vec!["Began", "Lasted", "Stream", "IP", "Country", "JTI"], case.sessions, session)}
    }
}

fn list<T: 'static>(
    title: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<T>,
    row: impl Fn(T) -> AnyView,
) -> Option<impl IntoView> {
    let rows: Vec<_> = rows.into_iter().map(row).collect();
    (!rows.is_empty()).then(|| {
        view! {
            <Card title flush=true>
                <Table caption=format!("{title} of the case") columns>{rows}</Table>
            </Card>
        }
    })
}

fn remover(name: &str, id: cynic::Id, remove: Callback<cynic::Id>) -> Option<impl IntoView + use<>> {
    may(Permission::CaseWrite).then(|| {
        let (name, id) = (format!("Remove {name} from the case"), StoredValue::new(id));
        view! { <Button look=Look::Quiet on_press=move |_| remove.run(id.get_value()) attr:aria-label=name>"Remove"</Button> }
    })
}

fn finding(row: CaseFinding, remove: Callback<cynic::Id>) -> AnyView {
    let sign = words::label(&row.code);
    let (kind, of) = match (row.jti, row.user, row.ip) {
        (Some(jti), ..) => ("Token", jti.into_inner()),
        (_, Some(user), _) => ("Viewer", user),
        (.., ip) => ("Address", ip.unwrap_or_default()),
    };
    let name = format!("{sign} of {of}");
    view! {
        <tr>
            <th scope="row"><span>{kind}<span class="mono under ellipsis" title=of.clone()>{of.clone()}</span></span></th>
            <td data-label="Sign">{sign}</td>
            <td data-label="Evidence">{row.evidence}</td>
            <td data-label="Points"><Badge tone=tone_of(row.weight * 2) text=format!("+{}", row.weight)/></td>
            <td data-label="Seen" class="soft"><When at=row.last_at/></td>
            <td class="acts">{remover(&name, row.id, remove)}</td>
        </tr>
    }
    .into_any()
}

fn token(row: CaseToken, remove: Callback<cynic::Id>) -> AnyView {
    let jti = row.jti.into_inner();
    let href = way_around("/misuse/tokens", (&row.last_at, &row.last_at), ("open", &jti));
    view! {
        <tr>
            <th scope="row">
                <span class="line">{row.user.map(|of| view! { <Name of/> })}{row.tag.map(|tag| view! { <span class="tag">{tag}</span> })}</span>
                <a class="mono under ellipsis" href=href title=jti.clone()>{jti.clone()}</a>
            </th>
            <td data-label="Status">{match row.status {
                Some(status) => view! { <StatusBadge status/> }.into_any(),
                None => view! { <Badge tone=Tone::Calm text="Signed elsewhere"/> }.into_any(),
            }}</td>
            <td data-label="Score"><Score score=row.score indicators=vec![]/></td>
            <td data-label="Sessions" class="num">{row.sessions}</td>
            <td data-label="Seen" class="soft"><When at=row.last_at/></td>
            <td class="acts">{remover(&jti, row.id, remove)}</td>
        </tr>
    }
    .into_any()
}

fn address(row: CaseAddress, remove: Callback<cynic::Id>) -> AnyView {
    let ip = row.ip;
    let land = row.country.as_deref().map(country::name);
    let from: Vec<_> = [row.provider, land].into_iter().flatten().collect();
    let around = row.last_at.as_ref().unwrap_or(&row.added_at);
    let href = way_around("/misuse/addresses", (around, around), ("open", &row_of(&ip)));
    view! {
        <tr>
            <th scope="row"><a class="mono" href=href>{ip.clone()}</a></th>
            <td data-label="From">{from.join(", ")}</td>
            <td data-label="Score"><Score score=row.score indicators=vec![]/></td>
            <td data-label="Sessions" class="num">{row.sessions}</td>
            <td data-label="Seen" class="soft">{match row.last_at {
                Some(at) => view! { <When at/> }.into_any(),
                None => "Nobody watched from it".into_any(),
            }}</td>
            <td class="acts">{remover(&ip, row.id, remove)}</td>
        </tr>
    }
    .into_any()
}

fn session(row: CaseSession) -> AnyView {
    let lasted = row.ended_at.as_ref().map_or_else(
        || "Went on".to_owned(),
        |ended| time::span(time::millis(&row.started_at), time::millis(ended)),
    );
    let jti = row.jti.map(cynic::Id::into_inner).unwrap_or_default();
    view! {
        <tr>
            <th scope="row">{time::exact(&row.started_at)}</th>
            <td data-label="Lasted" class="num">{lasted}</td>
            <td data-label="Stream"><span class="mono">{row.stream}</span></td>
            <td data-label="IP"><span class="mono">{row.address}</span></td>
            <td data-label="Country">{row.country.as_deref().map(country::name)}</td>
            <td data-label="JTI"><span class="mono ellipsis" title=jti.clone()>{jti.clone()}</span></td>
        </tr>
    }
    .into_any()
}
