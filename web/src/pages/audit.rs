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
        page::Page,
        people::Permission,
        scalar::{DateTime, Role},
    },
    kit::{Button, Empty, Icon, Load, Loaded, More, Name, SearchBox, Select, Skeleton, Table, When, counted, nodes},
    session::{Person, may, use_person},
    time,
};

const PATH: &str = "/organisation/audit";

/// The names that filters have in the address. `at`, the moment of one entry, is none: whatever is filtered drops it.
const FILTERS: [&str; 5] = ["action", "object", "actor", "from", "to"];

/// Kinds of operations, by how their names begin.
const KINDS: [(&str, &str); 19] = [
    ("", "Everything"),
    ("sign_in.*", "Sign-ins"),
    ("password_reset.*", "Password resets"),
    ("member.*", "Members"),
    ("invitation.*", "Invitations"),
    ("api_token.*", "API tokens"),
    ("api_key.*", "API key"),
    ("organisation.*", "Organisation"),
    ("package.*", "Packages"),
    ("identity_provider.*", "Identity provider"),
    ("webhook.*", "Webhooks"),
    ("stream.*", "Streams"),
    ("ingest_key.*", "Stream keys"),
    ("token.*", "Playback tokens"),
    ("rule.*", "Guardian rules"),
    ("group.*", "Groups"),
    ("tag.*", "Tags"),
    ("audit.*", "Exports of this log"),
    ("table.*", "Exports of tables"),
];

type Go = Callback<(&'static str, String)>;

/// Entries, the newest first.
#[component]
pub(crate) fn Audit() -> impl IntoView {
    if !may(Permission::AuditRead) {
        return view! { <Head part="Audit log" lead=""/><ClosedToRole/> }.into_any();
    }
    let api = use_api();
    let (query, navigate) = (use_query_map(), use_navigate());
    let of = move |name: &str| query.with(|query| query.get(name).unwrap_or_default());
    let filter = Memo::new(move |_| {
        let given = |name| Some(of(name)).filter(|text| !text.is_empty());
        let bound = |name| given(name).and_then(|text| bound(name, &text));
        let moment = |later| given("at").and_then(|at| time::millisecond(&at, later));
        AuditFilter {
            action: given("action"),
            actor: given("actor").map(cynic::Id::new),
            object: given("object"),
            from: moment(0).map(DateTime).or_else(|| bound("from")),
            to: moment(1).map(DateTime).or_else(|| bound("to")),
        }
    });
    let one = Memo::new(move |_| !of("at").is_empty());
    let load = Load::new(move || audit::page(api, filter.get(), None));
    let go = Callback::new(move |(name, text): (&'static str, String)| {
        let now = |one: &str| query.with_untracked(|query| query.get(one).unwrap_or_default());
        let pairs = FILTERS.map(|one| {
            let text = if one == name { text.trim().to_owned() } else { now(one) };
            (one, if is_bound(one) { in_address(one, &text) } else { text })
        });
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&format!("{PATH}{}", written(&pairs)), options);
    });
    let entries = nodes(load);
    let hash = use_person().with_untracked(Person::hash);
    let export = move || {
        let AuditFilter {
            action,
            actor,
            object,
            from,
            to,
        } = filter.get();
        let given = [
            ("organisation", hash.clone()),
            ("action", action.unwrap_or_default()),
            ("actor", actor.map(cynic::Id::into_inner).unwrap_or_default()),
            ("object", object.unwrap_or_default()),
            ("from", from.map(|at| at.0).unwrap_or_default()),
            ("to", to.map(|at| at.0).unwrap_or_default()),
        ];
        format!("/audit.csv{}", written(&given))
    };
    view! {
        <Head part="Audit log" lead="Who did what, to what, and from where.">
            <a class="btn" href=export download="" rel="external"><Icon of=icondata_lu::LuDownload/><span>"Export CSV"</span></a>
        </Head>
        <Filters load go/>
        <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
            <Show when=move || !entries.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuScrollText title="No entries" text="Nothing that was done fits these filters."/>
            }>
                <Table caption="Audit log" columns=vec!["Action", "Object", "Who", "Address", "When", ""]>
                    <For each=move || entries.get() key=move |entry| (entry.id.clone(), one.get_untracked()) let:entry>
                        <Row entry go open=one.get_untracked()/>
                    </For>
                </Table>
                <More load ask=move |after| audit::page(api, filter.get_untracked(), after)/>
            </Show>
        </Loaded>
    }
    .into_any()
}

/// What is looked for; all of it stands in the address.
#[component]
fn Filters(load: Load<Page<AuditEntry>>, go: Go) -> impl IntoView {
    let query = use_query_map();
    let of = move |name: &'static str| Signal::derive(move || query.with(|query| query.get(name).unwrap_or_default()));
    let (action, actor, at) = (of("action"), of("actor"), of("at"));
    let kinds = Signal::derive(move || {
        let mut kinds = KINDS.map(|(value, text)| (value.to_owned(), text.to_owned())).to_vec();
        let action = action.get();
        if kinds.iter().all(|(value, _)| *value != action) {
            kinds.push((action.clone(), action));
        }
        kinds
    });
    // The name stands in the entries of theirs alone.
    let person = move || {
        let id = actor.get();
        load.value().with(|page| {
            let nodes = page.as_ref().map(|page| page.nodes.as_slice()).unwrap_or_default();
            let actors = nodes.iter().filter_map(|entry| entry.actor.as_ref());
            let named = actors.into_iter().find(|one| one.id.inner() == id);
            named.map_or_else(|| "One person".to_owned(), |one| one.name.clone())
        })
    };
    view! {
        <div class="filters">
            <Select label="Show" options=kinds chosen=action on_choose=move |text| go.run(("action", text))/>
            <SearchBox label="Object, exactly" placeholder="Object: a name or an id" text=of("object") heard=move |text| go.run(("object", text))/>
            <Day label="From" name="from" bound=of("from") go/>
            <Day label="To" name="to" bound=of("to") go/>
            {move || (!actor.with(String::is_empty)).then(|| view! {
                <Button icon=icondata_lu::LuX on_press=move |_| go.run(("actor", String::new())) attr:title="Show everybody">{person()}" only"</Button>
            })}
            {move || (!at.with(String::is_empty)).then(|| view! {
                <Button icon=icondata_lu::LuX on_press=move |_| go.run(("at", String::new())) attr:title="Show those of other times">"One entry only"</Button>
            })}
            <p class="filters-count" role="status">{counted(load, "entry", "entries")}</p>
        </div>
    }
}

/// A day of the reader's own zone. `bound`: what stands in the address.
#[component]
fn Day(label: &'static str, name: &'static str, bound: Signal<String>, go: Go) -> impl IntoView {
    let day = move || bound.with(|text| day_of(name, text));
    view! {
        <label class="beside">
            <span>{label}</span>
            <input type="date" prop:value=day on:change=move |event| go.run((name, event_target_value(&event)))/>
        </label>
    }
}

/// The line, and below it at wish everything that is known.
#[component]
fn Row(entry: AuditEntry, go: Go, open: bool) -> impl IntoView {
    let open = RwSignal::new(open);
    let who = name_of(&entry);
    let id = format!("entry-{}", entry.id.inner());
    let (controls, label) = (id.clone(), format!("Details of {} by {who}", entry.action));
    let role = entry.role.map(Role::label);
    let only = entry.actor.as_ref().map(|actor| actor.id.inner().to_owned());
    let who = match only {
        Some(actor) => {
            let only = format!("Only {who}");
            view! { <button type="button" class="link name ellipsis" title=only on:click=move |_| go.run(("actor", actor.clone()))>{who}</button> }
                .into_any()
        }
        None => view! { <Name of=who/> }.into_any(),
    };
    let kept = StoredValue::new(entry.clone());
    let action = entry.action.clone();
    view! {
        <tr>
            <th scope="row" class="mono code"><button type="button" class="link" title="Only this action" on:click=move |_| go.run(("action", action.clone()))>{entry.action}</button></th>
            <td data-label="Object"><span class="mono ellipsis object" title=entry.object.clone()>{entry.object.clone()}</span></td>
            <td data-label="Who"><span>{who}{role.map(|role| view! { <span class="under">{role}</span> })}</span></td>
            <td data-label="Address" class="mono">{entry.address}</td>
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
                Some(view! { <div class="detail-json"><p class="detail-name">{name}</p><pre class="mono">{text}</pre></div> })
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

fn is_bound(name: &str) -> bool {
    matches!(name, "from" | "to")
}

/// The moment of a bound: a day of the reader's own zone begins there, and the last one is over there. An address has the
/// moment, so that whoever opens it sees the same entries; a field and an older address have the day.
fn bound(name: &str, text: &str) -> Option<DateTime> {
    if text.contains('T') {
        time::moment(text)
    } else {
        time::day_start(text, u32::from(name == "to")).map(DateTime)
    }
}

/// A bound as the address has it.
fn in_address(name: &str, text: &str) -> String {
    let at = bound(name, text).and_then(|DateTime(at)| time::in_utc(&at));
    at.unwrap_or_default()
}

/// The day that a field shows of a bound.
fn day_of(name: &str, text: &str) -> String {
    let at = bound(name, text).map(|at| time::millis(&at));
    at.map_or_else(String::new, |at| time::day_of(if name == "to" { at - 1.0 } else { at }))
}

/// The query of an address, without what is empty.
pub(super) fn written(pairs: &[(&str, String)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<_> = pairs
        .map(|(key, value)| format!("{key}={}", js_sys::encode_uri_component(value)))
        .collect();
    if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    }
}
