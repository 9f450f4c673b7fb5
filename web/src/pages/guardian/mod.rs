//! Guardian: the rules on who may watch and publish, whatever they hold.

mod delete;
mod form;
mod import;
mod list;
mod only;
mod trial;

pub(crate) use self::{
    form::done,
    trial::{Trial, tried},
};

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use self::{delete::Delete, form::RuleDialog, import::Import, list::RuleTable, only::OnlyThese};
use super::{
    audit::written,
    lacking::{Lacking, barred, use_lacking},
    located::Credits,
};
use crate::{
    api::{
        client::use_api,
        events::{self, SessionEventKind},
        live::use_live,
        organisation::Package,
        page::Page,
        people::Permission,
        rules::{self, Action, Filter, Kind, Rule},
    },
    browser,
    kit::{
        Button, Choice, Choices, Empty, Icon, Load, Loaded, Look, Menu, MenuItem, PageHead, SearchBox, Select,
        Skeleton, counted, gathered, nodes, renew,
    },
    session::{Person, may, use_person},
};

const PATH: &str = "/guardian";

/// How long news wait for more of them before the list is asked for anew.
const SETTLED: std::time::Duration = std::time::Duration::from_secs(3);

type List = Load<Page<Rule>>;

/// The rules, the newest first; filters live in the address.
#[component]
pub(crate) fn Guardian() -> impl IntoView {
    let lead = "Who may watch and publish, whatever token they hold.";
    if !may(Permission::RuleRead) {
        return view! {
            <PageHead title="Guardian" lead/>
            <Empty icon=icondata_lu::LuLockKeyhole title="Closed to your role" text="Rules are for nanoUser and nanoAdmin."/>
        }
        .into_any();
    }
    let api = use_api();
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        let of = |name: &str| query.with(|query| query.get(name).filter(|text| !text.is_empty()));
        Filter {
            text: of("q"),
            kind: of("kind").and_then(|word| Kind::ALL.into_iter().find(|kind| kind.as_word() == word)),
            action: of("action").and_then(|word| action_of(&word)),
        }
    });
    let load = Load::new(move || rules::page(api, filter.get(), None));
    watch_doors(load, filter);
    let found = nodes(load);
    let (making, editing, deleting) = (
        RwSignal::new(false),
        RwSignal::new(None::<Rule>),
        RwSignal::new(None::<Rule>),
    );
    let (importing, narrowing) = (RwSignal::new(false), RwSignal::new(false));
    let unfiltered = move || filter.with(|filter| *filter == Filter::default());
    let lacking = use_lacking(Package::Guardian);
    let why = barred(Package::Guardian, lacking);
    let new = move || {
        may(Permission::RuleWrite).then(|| view! {
            <Button look=Look::Primary icon=icondata_lu::LuPlus barred=why on_press=move |_| making.set(true)>"New rule"</Button>
        })
    };
    let only = move || {
        may(Permission::RuleWriteWide).then(|| view! {
            <Button icon=icondata_lu::LuGlobeLock barred=why on_press=move |_| narrowing.set(true)>"Only these domains"</Button>
        })
    };
    view! {
        <PageHead title="Guardian" lead>{only()}{new()}<Files filter importing lacking/></PageHead>
        <Lacking package=Package::Guardian when=lacking so="rules stand, and do not act"/>
        <Filters load/>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Show when=move || !found.with(Vec::is_empty) fallback=move || {
                if unfiltered() {
                    view! {
                        <Empty icon=icondata_lu::LuShield title="No rules yet" text="A rule keeps out, or lets in, by address, network, country, site or player. It takes effect at once, on whoever is watching too.">
                            {new()}
                        </Empty>
                    }.into_any()
                } else {
                    view! { <Empty icon=icondata_lu::LuSearch title="No rule fits" text="Try another text, or show every kind."/> }.into_any()
                }
            }>
                <RuleTable load found filter editing deleting lacking/>
                <p class="soft rules-order">"Within a kind the most specific rule wins; among equals the narrower scope; among equals of one scope, the one that keeps out. A rule of any one kind that keeps out is enough."</p>
            </Show>
        </Loaded>
        <Credits/>
        <RuleDialog making editing load/>
        <Delete asked=deleting load/>
        <OnlyThese open=narrowing load/>
        <Import open=importing load/>
    }
    .into_any()
}

/// Rules as files, in and out.
#[component]
fn Files(filter: Memo<Filter>, importing: RwSignal<bool>, lacking: Signal<bool>) -> impl IntoView {
    let hash = StoredValue::new(use_person().with_untracked(Person::hash));
    // Those that are shown, filtered as they are.
    let export = move |ending: &str| {
        let filter = filter.get_untracked();
        let kind = filter.kind.map(|kind| kind.as_word().to_uppercase().replace('-', "_"));
        let action = filter.action.map(|action| match action {
            Action::Allow => "ALLOW",
            Action::Deny => "DENY",
        });
        let given = [
            ("organisation", hash.get_value()),
            ("text", filter.text.unwrap_or_default()),
            ("kind", kind.unwrap_or_default()),
            ("action", action.unwrap_or_default().to_owned()),
        ];
        browser::save(&format!("/rules.{ending}{}", written(&given)));
    };
    view! {
        <Menu label="Import and export" class="btn btn-icon" button=|| view! { <Icon of=icondata_lu::LuEllipsis/> }>
            {move || (may(Permission::RuleWrite) && !lacking.get()).then(|| view! {
                <MenuItem icon=icondata_lu::LuFileUp on_choose=move |()| importing.set(true)>"Import rules"</MenuItem>
            })}
            <MenuItem icon=icondata_lu::LuDownload on_choose=move |()| export("csv")>"Export CSV"</MenuItem>
            <MenuItem icon=icondata_lu::LuDownload on_choose=move |()| export("json")>"Export JSON"</MenuItem>
        </Menu>
    }
}

/// What is looked for; all of it stands in the address.
#[component]
fn Filters(load: List) -> impl IntoView {
    let (query, navigate) = (use_query_map(), use_navigate());
    let of = move |name: &'static str| Signal::derive(move || query.with(|query| query.get(name).unwrap_or_default()));
    let go = Callback::new(move |(name, text): (&'static str, String)| {
        let now = |one: &str| query.with_untracked(|query| query.get(one).unwrap_or_default());
        let pairs =
            ["q", "kind", "action"].map(|one| (one, if one == name { text.trim().to_owned() } else { now(one) }));
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&format!("{PATH}{}", written(&pairs)), options);
    });
    let kinds = Kind::ALL.map(|kind| (kind.as_word().to_owned(), kind.label().to_owned()));
    let kinds: Vec<_> = [(String::new(), "Everything".to_owned())]
        .into_iter()
        .chain(kinds)
        .collect();
    let actions = vec![
        Choice::new(String::new(), "All"),
        Choice::new("deny".to_owned(), "Keep out"),
        Choice::new("allow".to_owned(), "Let in"),
    ];
    let found = counted(load, "rule", "rules");
    view! {
        <div class="filters">
            <SearchBox label="Search rules" placeholder="Value or comment" text=of("q") heard=move |text| go.run(("q", text))/>
            <Select label="By" options=kinds chosen=of("kind") on_choose=move |word| go.run(("kind", word))/>
            <Choices legend="Action" legend_hidden=true options=actions chosen=of("action") on_choose=move |word| go.run(("action", word))/>
            <p class="filters-count" role="status">{found}</p>
        </div>
    }
}

/// Asks for the list anew a moment after something happened at a door that rules may have had a part in.
fn watch_doors(load: List, filter: Memo<Filter>) {
    let api = use_api();
    let soon = gathered(SETTLED, move || {
        renew(load, filter, move |filter, after| rules::page(api, filter, after));
    });
    use_live().subscribe(
        || Some(events::session_events(None, None)),
        move |event| {
            let event = event.session_events;
            let by_rule = event
                .reason
                .is_some_and(|reason| reason.name().starts_with("GUARDIAN_"));
            if by_rule || event.kind == SessionEventKind::Started {
                soon();
            }
        },
    );
}

fn action_of(word: &str) -> Option<Action> {
    match word {
        "allow" => Some(Action::Allow),
        "deny" => Some(Action::Deny),
        _ => None,
    }
}

/// For whom a rule is, in a few words.
fn scope_of(rule: &Rule) -> String {
    match (&rule.stream, &rule.group) {
        (Some(stream), _) => stream.title.clone().unwrap_or_else(|| stream.name.clone()),
        (None, Some(group)) => format!("Group {}", group.name),
        (None, None) => "All streams".to_owned(),
    }
}

/// Whether the role may change or delete it.
fn may_write(rule: &Rule) -> bool {
    may(if rule.wide {
        Permission::RuleWriteWide
    } else {
        Permission::RuleWrite
    })
}
