//! Tokens of the organisation: their records, who is banned, and the list of static ones.

mod ban;
mod bans;
mod bulk;
mod findings;
mod fixed;
mod handle;
mod hit;
mod look;
mod maker;
mod one;
mod report;
mod said;
mod seen;
mod table;

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

pub(crate) use self::{
    ban::Ban,
    bans::Bans,
    bulk::{Bulk, By},
    findings::{Findings, SeenAdvice},
    fixed::StaticTokens,
    hit::{Hit, Whom},
    look::LookAtToken,
    maker::{TokenMade, TokenMaker},
    one::RevokeOne,
    report::Progress,
    said::Said,
    seen::SeenTokens,
    table::{NarrowFilters, TokenTable},
};
use super::audit::written;
use crate::{
    api::{
        client::use_api,
        page::Page,
        people::Permission,
        scalar::TokenStatus,
        tokens::{self, Door, Token, Wanted},
    },
    kit::{Button, Choice, Choices, Empty, Icon, Load, Loaded, PageHead, SearchBox, Select, Skeleton, Tabs, counted},
    session::may,
};

const PATH: &str = "/tokens";

/// Head and tabs of each of the pages, and who may open them.
#[component]
fn Head(part: &'static str, lead: &'static str, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let tabs = vec![
        (PATH, "Tokens"),
        ("/tokens/banned", "Banned viewers"),
        ("/tokens/static", "Static tokens"),
        ("/tokens/seen", "Seen"),
        ("/tokens/look", "Look up"),
    ];
    let open = may(Permission::TokenRead);
    view! {
        <PageHead title="Tokens" tab=part lead>{children.filter(|_| open).map(|children| children())}</PageHead>
        {open.then(|| view! { <Tabs label="Parts of tokens" tabs/> })}
    }
}

/// What stands on a page that the role cannot open.
#[component]
fn ClosedToRole() -> impl IntoView {
    view! { <Empty icon=icondata_lu::LuLockKeyhole title="Closed to your role" text="Token records are for nanoUser and nanoAdmin. Ask an administrator of your organisation."/> }
}

/// Records of tokens, newest first; filters live in the address.
#[component]
pub(crate) fn Tokens() -> impl IntoView {
    let lead = "Every token made here, to watch or to publish; what your own keys sign is looked at when it is seen.";
    if !may(Permission::TokenRead) {
        return view! { <Head part="Tokens" lead/><ClosedToRole/> }.into_any();
    }
    let api = use_api();
    let query = use_query_map();
    let wanted = Memo::new(move |_| {
        let of = |name: &str| query.with(|query| query.get(name).filter(|text| !text.is_empty()));
        Wanted {
            text: of("q"),
            stream: None,
            status: of("status").and_then(|word| status_of(&word)),
            door: of("door").and_then(|word| door_of(&word)),
            jti: of("jti"),
        }
    });
    let load = Load::new(move || tokens::page(api, wanted.get(), None));
    let (bulk, ban) = (RwSignal::new(None), RwSignal::new(None::<String>));
    view! {
        <Head part="Records" lead>
            {may(Permission::TokenCreate).then(|| view! { <a class="btn btn-primary" href="/tokens/new"><Icon of=icondata_lu::LuPlus/><span>"New token"</span></a> })}
            {may(Permission::TokenRevoke).then(|| view! {
                <Button icon=icondata_lu::LuScissors on_press=move |_| bulk.set(Some((By::Viewer, String::new())))>"Revoke many"</Button>
            })}
        </Head>
        <Filters load wanted/>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <TokenTable load wanted bulk ban/>
        </Loaded>
        <Bulk asked=bulk on_revoked=move |()| load.again()/>
        <Ban asked=ban on_banned=move |()| {}/>
    }
    .into_any()
}

/// What is looked for; all of it stands in the address.
#[component]
fn Filters(load: Load<Page<Token>>, wanted: Memo<Wanted>) -> impl IntoView {
    let (query, navigate) = (use_query_map(), use_navigate());
    let of = move |name: &'static str| Signal::derive(move || query.with(|query| query.get(name).unwrap_or_default()));
    let go = Callback::new(move |(name, text): (&'static str, String)| {
        let now = |one: &str| query.with_untracked(|query| query.get(one).unwrap_or_default());
        let pairs =
            ["q", "status", "door"].map(|one| (one, if one == name { text.trim().to_owned() } else { now(one) }));
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&format!("{PATH}{}", written(&pairs)), options);
    });
    let statuses = table::STATUSES.map(|(one, label)| Choice::new(one, label)).to_vec();
    let status = Signal::derive(move || wanted.with(|wanted| wanted.status));
    let doors = [Door::Playback, Door::Ingest].map(|door| (door.as_word().to_owned(), door.label().to_owned()));
    let doors: Vec<_> = [(String::new(), "Anything".to_owned())]
        .into_iter()
        .chain(doors)
        .collect();
    let found = counted(load, "token", "tokens");
    let one = Memo::new(move |_| wanted.with(|wanted| wanted.jti.is_some()));
    let narrow = Callback::new(move |one: Option<TokenStatus>| {
        go.run(("status", one.map_or_else(String::new, |one| one.as_word().to_owned())));
    });
    let statuses = StoredValue::new(statuses);
    let doors = StoredValue::new(doors);
    view! {
        <div class="filters">
            {move || if one.get() {
                view! { <a class="btn" href=PATH title="Show all tokens"><Icon of=icondata_lu::LuX/><span>"One token only"</span></a> }.into_any()
            } else {
                view! {
                    <SearchBox label="Search tokens" placeholder="Viewer, tag or id" text=of("q") heard=move |text| go.run(("q", text))/>
                    <Choices legend="Status" legend_hidden=true options=statuses.get_value() chosen=status on_choose=narrow/>
                    <Select label="To" options=doors.get_value() chosen=of("door") on_choose=move |word| go.run(("door", word))/>
                }.into_any()
            }}
            <p class="filters-count" role="status">{found}</p>
        </div>
    }
}

fn status_of(word: &str) -> Option<TokenStatus> {
    let known = [TokenStatus::Active, TokenStatus::Revoked, TokenStatus::Expired];
    known.into_iter().find(|status| status.as_word() == word)
}

fn door_of(word: &str) -> Option<Door> {
    [Door::Playback, Door::Ingest]
        .into_iter()
        .find(|door| door.as_word() == word)
}
