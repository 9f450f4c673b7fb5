//! The dashboard: a client-side application over the public GraphQL API, and over nothing else.

#![expect(unreachable_pub, reason = "the macro that makes components makes them public")]

mod api;
mod app;
mod browser;
mod country;
mod kit;
mod logo;
mod pages;
mod passkey;
mod session;
mod shell;
mod theme;
mod time;

fn main() {
    console_error_panic_hook::set_once();
    theme::apply(theme::chosen());
    if let Some(place) = browser::element("app") {
        leptos::mount::mount_to(place, app::App).forget();
    }
}
