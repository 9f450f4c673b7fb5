//! What stands around every page once somebody is signed in: navigation, organisation, person.

mod nav;
mod person;
mod switcher;

use leptos::{either::EitherOf5, prelude::*};
use leptos_meta::Title;
use leptos_router::{
    components::{Outlet, Redirect},
    hooks::use_location,
};

use self::{nav::Nav, person::PersonMenu, switcher::Switcher};
use crate::{
    api::{client::use_api, live::Live},
    browser,
    kit::{Button, Empty, Failed, Icon},
    logo::{Mark, Wordmark},
    session::{Person, Standing, use_session},
};

/// Shows the dashboard to whoever is signed in, and the way in to others.
#[component]
pub(crate) fn Shell() -> impl IntoView {
    let session = use_session();
    let standing = session.standing();
    let here = use_location();
    move || match standing.get() {
        Standing::Unknown => EitherOf5::A(
            view! { <div class="splash" role="status"><Mark/><span class="sr-only">"Loading"</span></div> },
        ),
        Standing::Out => {
            let next = here.pathname.get_untracked() + &here.search.get_untracked();
            let path = if next == "/streams" {
                "/sign-in".to_owned()
            } else {
                format!("/sign-in?next={}", js_sys::encode_uri_component(&next))
            };
            EitherOf5::B(view! { <Redirect path/> })
        }
        Standing::Failed(failure) => EitherOf5::C(view! {
            <Title text="No answer"/>
            <main class="alone"><Wordmark/><h1 class="sr-only">"The dashboard could not start"</h1><Failed failure on_again=move |()| session.refresh()/></main>
        }),
        Standing::Homeless => EitherOf5::D(view! {
            <Title text="No organisation"/>
            <main class="alone">
                <Wordmark/>
                <h1 class="sr-only">"No organisation"</h1>
                <Empty icon=icondata_lu::LuBuilding2 title="No organisation" text="You are signed in, and belong to no organisation any more. Ask an administrator for an invitation.">
                    <Button on_press=move |_| session.sign_out()>"Sign out"</Button>
                </Empty>
            </main>
        }),
        Standing::In(person) => EitherOf5::E(view! { <Frame person/> }),
    }
}

#[component]
fn Frame(person: Person) -> impl IntoView {
    provide_context(Signal::stored(person));
    let (live, session) = (Live::provide(use_api()), use_session());
    // Each attempt to connect again may find that access was taken or changed meanwhile.
    Effect::new(move |_| {
        if live.times_lost() > 0 {
            session.recheck();
        }
    });
    let location = use_location();
    // A new page begins at its heading, for eyes and for screen readers.
    Effect::new(move |before: Option<String>| {
        let path = location.pathname.get();
        if before.is_some_and(|before| before != path) {
            window().scroll_to_with_x_and_y(0.0, 0.0);
            request_animation_frame(|| {
                if let Some(main) = browser::element("main") {
                    let _ = main.focus();
                }
            });
        }
        path
    });
    let interrupted = Memo::new(move |_| live.times_connected() > 0 && !live.is_connected());
    view! {
        <a class="skip" href="#main">"Skip to the content"</a>
        <div class="frame">
            <header class="side">
                <a class="side-home" href="/streams"><Wordmark/></a>
                <Switcher/>
                <Nav/>
                <div class="side-foot"><PersonMenu/></div>
            </header>
            <main id="main" class="main" tabindex="-1">
                <div class="interrupted" role="status">
                    {move || interrupted.get().then(|| view! {
                        <p><Icon of=icondata_lu::LuUnplug/>"Live updates are interrupted. Reconnecting…"</p>
                    })}
                </div>
                <div class="page"><Outlet/></div>
            </main>
        </div>
    }
}
