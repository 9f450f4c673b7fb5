//! What stands around every page once somebody is signed in: navigation, organisation, person.

mod nav;
mod person;
mod search;
mod switcher;

use std::time::Duration;

use leptos::{either::EitherOf4, prelude::*};
use leptos_meta::Title;
use leptos_router::{
    components::{Outlet, Redirect},
    hooks::use_location,
};

pub(crate) use self::search::forget as forget_searches;
use self::{
    nav::Nav,
    person::PersonMenu,
    search::{Search, SearchButton},
    switcher::Switcher,
};
use crate::{
    api::{changes, client::use_api, events, live::Live, people::Permission},
    browser,
    kit::{Button, Failed, Icon, Look, gathered},
    logo::{Mark, Wordmark},
    pages::Outside,
    session::{Person, Standing, may, use_session},
};

/// Shows the dashboard to whoever is signed in, and the way in to others.
#[component]
pub(crate) fn Shell() -> impl IntoView {
    let session = use_session();
    let standing = session.standing();
    let here = use_location();
    move || match standing.get() {
        Standing::Unknown => EitherOf4::A(
            view! { <div class="splash" role="status"><Mark/><span class="sr-only">"Loading"</span></div> },
        ),
        Standing::Out => {
            let search = here.search.get_untracked();
            // The router has it without its mark.
            let mark = if search.is_empty() { "" } else { "?" };
            let next = format!("{}{mark}{search}", here.pathname.get_untracked());
            let path = if next == "/streams" {
                "/sign-in".to_owned()
            } else {
                format!("/sign-in?next={}", js_sys::encode_uri_component(&next))
            };
            EitherOf4::B(view! { <Redirect path/> })
        }
        Standing::Failed(failure) => EitherOf4::C(view! {
            <Title text="No answer"/>
            <main class="alone"><Wordmark/><h1 class="sr-only">"The dashboard could not start"</h1><Failed failure on_again=move |()| session.refresh()/></main>
        }),
        Standing::In(person) => EitherOf4::D(view! { <Frame person/> }),
    }
}

#[component]
fn Frame(person: Person) -> impl IntoView {
    let inside = person.organisation().is_some();
    provide_context(Signal::stored(person));
    let (api, session) = (use_api(), use_session());
    // Outside of every organisation there is nothing to hear of.
    let live = Live::provide(api, inside);
    if inside {
        live.subscribe(|| Some(events::access()), |_| {});
    }
    // A package that is given or taken is a change as others are.
    if inside && may(Permission::ChangeRead) {
        let soon = gathered(SOON, move || {
            api.times_changed.update(|times| *times = times.wrapping_add(1));
        });
        live.subscribe(|| Some(changes::news()), move |_| soon());
    }
    // An attempt to connect again, a subscription that ends and a request that is refused each may mean that access was
    // taken or changed meanwhile.
    Effect::new(move |before: Option<()>| {
        live.times_connected();
        live.times_lost();
        live.times_refused();
        api.times_forbidden.track();
        if before.is_some() {
            session.recheck();
        }
    });
    let location = use_location();
    // The account, and the platform for its operators, do not need an organisation.
    let path = location.pathname;
    let shown =
        Memo::new(move |_| inside || path.with(|path| path.starts_with("/account") || path.starts_with("/platform")));
    // A new page begins at its heading, for eyes and for screen readers.
    Effect::new(move |before: Option<String>| {
        let path = location.pathname.get();
        if before.is_some_and(|before| before != path) {
            window().scroll_to_with_x_and_y(0.0, 0.0);
            request_animation_frame(browser::focus_main);
        }
        path
    });
    let searching = RwSignal::new(false);
    let interrupted = Memo::new(move |_| live.times_connected() > 0 && !live.is_connected());
    view! {
        <a class="skip" href="#main">"Skip to the content"</a>
        <div class="frame">
            <header class="side">
                <a class="side-home" href="/streams"><Wordmark/></a>
                <Switcher/>
                {inside.then(|| view! { <SearchButton open=searching/> })}
                <Nav/>
                <div class="side-foot"><PersonMenu/></div>
            </header>
            <main id="main" class="main" tabindex="-1">
                <div class="interrupted" role="status">
                    {move || interrupted.get().then(|| view! {
                        <p><Icon of=icondata_lu::LuUnplug/>"Live updates are interrupted. Reconnecting…"</p>
                    })}
                </div>
                <div class="news" role="status">
                    {move || session.news().get().map(|text| view! {
                        <div class="news-line">
                            <Icon of=icondata_lu::LuInfo/>
                            <p>{text}</p>
                            <Button look=Look::Quiet on_press=move |_| session.news().set(None)>"Dismiss"</Button>
                        </div>
                    })}
                </div>
                <div class="page">
                    <Show when=move || shown.get() fallback=|| view! { <Outside/> }><Outlet/></Show>
                </div>
            </main>
        </div>
        {inside.then(|| view! { <Search open=searching/> })}
    }
}

/// How long changes are gathered before it is asked which packages there are.
const SOON: Duration = Duration::from_secs(1);
