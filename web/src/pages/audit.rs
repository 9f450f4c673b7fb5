//! The audit log. Filters live in the address, so that a view can be handed on.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::organisation::{ClosedToRole, Head};
use crate::{
    api::{
        audit::{self, AuditEntry, AuditFilter},
        client::use_api,
        failure::Failure,
        people::Permission,
        scalar::{DateTime, Role},
    },
    browser,
    kit::{Button, Doing, Empty, Icon, Load, Loaded, More, SearchBox, Skeleton, Table, Trouble, When, nodes},
    session::may,
    time,
};

const EXPORT_MAX: usize = 10_000;

/// The names that filters have in the address.
const FILTERS: [&str; 5] = ["action", "object", "actor", "from", "to"];

/// Entries, the newest first.
#[component]
pub(crate) fn Audit() -> impl IntoView {
    if !may(Permission::AuditRead) {
        return view! { <Head lead=""/><ClosedToRole/> }.into_any();
    }
    let (api, doing) = (use_api(), Doing::new());
    let (query, navigate) = (use_query_map(), use_navigate());
    let of = move |name: &str| query.with(|query| query.get(name).unwrap_or_default());
    let filter = Memo::new(move |_| {
        let given = |name| Some(of(name)).filter(|text| !text.is_empty());
        AuditFilter {
            action: given("action"),
            actor: given("actor").map(cynic::Id::new),
            object: given("object"),
            from: given("from").and_then(|day| time::day_start(&day, 0)).map(DateTime),
            to: given("to").and_then(|day| time::day_start(&day, 1)).map(DateTime),
        }
    });
    let load = Load::new(move || audit::page(api, filter.get(), None));
    let go = Callback::new(move |(name, text): (&'static str, String)| {
        let pairs: Vec<_> = FILTERS
            .iter()
            .map(|one| {
                (
                    *one,
                    if *one == name {
                        text.trim().to_owned()
                    } else {
                        query.with_untracked(|query| query.get(one).unwrap_or_default())
                    },
                )
            })
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| format!("{key}={}", js_sys::encode_uri_component(&value)))
            .collect();
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&format!("/audit?{}", pairs.join("&")), options);
    });
    let entries = nodes(load);
    let export = move |_| {
        doing.run(csv(api, filter.get_untracked()), |text| {
            browser::download("audit.csv", "text/csv", &text);
        });
    };
    let actor = move || Some(of("actor")).filter(|actor| !actor.is_empty());
    let start = |name: &str| query.with_untracked(|query| query.get(name).unwrap_or_default());
    view! {
        <Head lead="Who did what, to what, and from where.">
            <Button icon=icondata_lu::LuDownload busy=doing.busy on_press=export>"CSV"</Button>
        </Head>
        <div class="filters">
            <SearchBox label="Action" placeholder="Action, as in stream.stop" text=start("action") heard=move |text| go.run(("action", text))/>
            <SearchBox label="Object" placeholder="Object, by name or id" text=start("object") heard=move |text| go.run(("object", text))/>
            <Day label="From" name="from" day=start("from") go/>
            <Day label="To" name="to" day=start("to") go/>
            {move || actor().map(|_| view! {
                <Button icon=icondata_lu::LuX on_press=move |_| go.run(("actor", String::new()))>"One person only"</Button>
            })}
            <p class="filters-count" role="status">{move || load.value().with(|page| page.as_ref().map(|page| time::count(page.total, "entry", "entries")))}</p>
        </div>
        <Trouble doing/>
        <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
            <Show when=move || !entries.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuScrollText title="No entries" text="Nothing that was done fits these filters."/>
            }>
                <Table caption="Audit log" columns=vec!["Action", "Object", "Who", "From", "When", ""]>
                    <For each=move || entries.get() key=|entry| entry.id.clone() let:entry>
                        <Row entry go/>
                    </For>
                </Table>
                <More load ask=move |after| audit::page(api, filter.get_untracked(), after)/>
            </Show>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Day(label: &'static str, name: &'static str, day: String, go: Callback<(&'static str, String)>) -> impl IntoView {
    view! {
        <label class="day">
            <span>{label}</span>
            <input type="date" prop:value=day on:change=move |event| go.run((name, event_target_value(&event)))/>
        </label>
    }
}

/// The line, and below it at wish everything that is known.
#[component]
fn Row(entry: AuditEntry, go: Callback<(&'static str, String)>) -> impl IntoView {
    let open = RwSignal::new(false);
    let who = name_of(&entry);
    let id = format!("entry-{}", entry.id.inner());
    let (controls, label) = (id.clone(), format!("Details of {} by {who}", entry.action));
    let role = entry.role.map(Role::label);
    let only = entry.actor.as_ref().map(|actor| actor.id.inner().to_owned());
    let who = match only {
        Some(actor) => {
            view! { <button type="button" class="link" title="Only this person" on:click=move |_| go.run(("actor", actor.clone()))>{who}</button> }
                .into_any()
        }
        None => who.into_any(),
    };
    let kept = StoredValue::new(entry.clone());
    view! {
        <tr>
            <th scope="row" class="mono">{entry.action}</th>
            <td data-label="Object"><span class="mono ellipsis object" title=entry.object.clone()>{entry.object.clone()}</span></td>
            <td data-label="Who"><span>{who}{role.map(|role| view! { <span class="under">{role}</span> })}</span></td>
            <td data-label="From" class="mono">{entry.address}</td>
            <td data-label="When" class="soft"><When at=entry.at/></td>
            <td class="acts">
                <button type="button" class="btn btn-quiet btn-icon" aria-label=label aria-controls=controls aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|open| *open = !*open)>
                    {move || if open.get() { view! { <Icon of=icondata_lu::LuChevronUp/> } } else { view! { <Icon of=icondata_lu::LuChevronDown/> } }}
                </button>
            </td>
        </tr>
        <tr id=id class="detail-row" hidden=move || !open.get()>
            <td colspan="6">{move || open.get().then(|| view! { <Detail entry=kept.get_value()/> })}</td>
        </tr>
    }
}

#[component]
fn Detail(entry: AuditEntry) -> impl IntoView {
    let number = entry.sequence.map(|number| number.to_string());
    let facts = [
        ("When", Some(time::exact(&entry.at))),
        ("Number", number),
        ("Object", Some(entry.object)),
        ("Concerning", entry.email),
        ("Request", entry.request_id),
        ("Hash", entry.hash),
    ];
    let (before, after) = (entry.detail.0.get("before"), entry.detail.0.get("after"));
    let rest = match &entry.detail.0 {
        serde_json::Value::Object(all) => {
            let rest: serde_json::Map<_, _> = all
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "before" | "after"))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            (!rest.is_empty()).then_some(serde_json::Value::Object(rest))
        }
        serde_json::Value::Null => None,
        other => Some(other.clone()),
    };
    let written = [("Before", before.cloned()), ("After", after.cloned()), ("Detail", rest)];
    view! {
        <div class="detail">
            <dl class="detail-facts">
                {facts.into_iter().filter_map(|(name, value)| value.map(|value| view! { <div><dt>{name}</dt><dd class="mono">{value}</dd></div> })).collect_view()}
            </dl>
            {written.into_iter().filter_map(|(name, value)| {
                let text = serde_json::to_string_pretty(&value?).ok()?;
                Some(view! { <div class="detail-json"><h3>{name}</h3><pre class="mono">{text}</pre></div> })
            }).collect_view()}
        </div>
    }
}

fn name_of(entry: &AuditEntry) -> String {
    let named = entry
        .actor
        .as_ref()
        .map(|actor| actor.name.clone())
        .filter(|name| !name.is_empty());
    named.unwrap_or_else(|| entry.actor_kind.label().to_owned())
}

/// Everything that fits, as a spreadsheet reads it.
async fn csv(api: crate::api::client::Api, filter: AuditFilter) -> Result<String, Failure> {
    let mut text = "number,at,actor,kind,role,action,object,address,email,request,detail,hash\r\n".to_owned();
    let (mut after, mut count) = (None, 0);
    loop {
        let page = audit::page(api, filter.clone(), after).await?;
        count += page.nodes.len();
        for entry in page.nodes {
            let actor = name_of(&entry);
            let cells = [
                entry.sequence.map(|number| number.to_string()),
                Some(entry.at.0),
                Some(actor),
                Some(entry.actor_kind.label().to_owned()),
                entry.role.map(|role| role.label().to_owned()),
                Some(entry.action),
                Some(entry.object),
                entry.address,
                entry.email,
                entry.request_id,
                Some(entry.detail.0.to_string()),
                entry.hash,
            ];
            let cells: Vec<_> = cells.map(|cell| quoted(&cell.unwrap_or_default())).into();
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
        after = page.next;
        if after.is_none() || count >= EXPORT_MAX {
            return Ok(text);
        }
    }
}

/// A spreadsheet takes a cell that begins like a formula for one.
fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}
