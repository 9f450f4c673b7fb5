//! Dialogs on `<dialog>`: the browser keeps the focus inside, gives it back where it can, and closes at Escape.

use std::{cell::RefCell, iter, rc::Rc};

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::{Button, Icon, Look, Notice, Tone};
use crate::browser;

/// A modal dialog. Its content is made anew at each opening, so that nothing of the last one is left in it.
#[component]
pub(crate) fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(optional)] wide: bool,
    /// At the edge of the window, as high as it: for what is looked at beside the page.
    #[prop(optional)]
    drawer: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let origin = StoredValue::new_local(None::<Rc<Origin>>);
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => {
                origin.set_value(Origin::now());
                drop(dialog.show_modal());
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    // At once, where the browser says so: what asks for it again before the close is told finds it closed.
    let cancelled = move |event: ev::Event| {
        // A chooser of files inside tells that it was cancelled, too.
        if event.target() == event.current_target() {
            open.set(false);
        }
    };
    // The close is told later than it happens: by then it may have been opened again.
    let closed = move |_| {
        if dialog.get_untracked().is_none_or(|dialog| !dialog.open()) {
            open.set(false);
            if let Some(Some(origin)) = origin.try_get_value()
                && browser::is_focus_lost()
            {
                origin.take_up();
            }
            LAST.set(None);
        }
    };
    // One that is removed with its page tells no close.
    on_cleanup(move || {
        let Some(Some(origin)) = origin.try_get_value() else {
            return;
        };
        if LAST.with_borrow(|last| last.as_ref().is_some_and(|last| Rc::ptr_eq(last, &origin))) {
            LAST.set(None);
        }
    });
    let children = StoredValue::new(children);
    view! {
        <dialog node_ref=dialog class="dialog" class:dialog-wide=wide class:dialog-drawer=drawer aria-label=title on:cancel=cancelled on:close=closed>
            <Show when=move || open.get()>
                <header class="dialog-head">
                    <h2>{title}</h2>
                    <button type="button" class="btn btn-quiet btn-icon" aria-label="Close" on:click=move |_| open.set(false)>
                        <Icon of=icondata_lu::LuX/>
                    </button>
                </header>
                {children.with_value(|children| children())}
            </Show>
        </dialog>
    }
}

/// Asks before something that is not easily undone. `on_confirm` closes it by setting `open`.
#[component]
pub(crate) fn Confirm(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] action: Signal<String>,
    #[prop(into)] busy: Signal<bool>,
    #[prop(into)] failure: Signal<Option<String>>,
    #[prop(into)] on_confirm: Callback<()>,
    children: ChildrenFn,
) -> impl IntoView {
    let children = StoredValue::new(children);
    view! {
        <Dialog open title>
            <div class="dialog-body">
                {children.with_value(|children| children())}
                {move || failure.get().map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> })}
            </div>
            <footer class="dialog-foot">
                <Button on_press=move |_| open.set(false)>"Cancel"</Button>
                <Button look=Look::Danger busy on_press=move |_| on_confirm.run(())>{action}</Button>
            </footer>
        </Dialog>
    }
}

/// Where somebody was when a dialog opened. What they pressed may be gone, or barred, once it closes: then the browser has
/// nothing to give the focus back to.
struct Origin {
    row: Option<Element>,
    /// What the row stands in, and its place there, from 1: it may have been drawn anew.
    list: Option<(Element, usize)>,
    dialog: Option<Element>,
    /// That of the dialog before, where one leads to another: what was pressed in it is gone with it.
    before: Option<Rc<Self>>,
}

impl Origin {
    /// None where nothing had the focus, as after a press in some browsers: then it is not lost either.
    fn now() -> Option<Rc<Self>> {
        let before = LAST.take();
        let origin = if browser::is_focus_lost() {
            before
        } else {
            Self::here(before).map(Rc::new)
        };
        LAST.set(origin.clone());
        origin
    }

    fn here(before: Option<Rc<Self>>) -> Option<Self> {
        let one = document().active_element()?;
        let row = one.closest("li, tr").ok()?;
        let list = row.as_ref().and_then(|row| {
            let before = iter::successors(row.previous_element_sibling(), Element::previous_element_sibling);
            Some((row.parent_element()?, before.count() + 1))
        });
        let dialog = one.closest("dialog").ok()?;
        Some(Self {
            row,
            list,
            dialog,
            before,
        })
    }

    /// Gives the focus to what is nearest: the way into the row, the head of the dialog behind, or the page.
    fn take_up(&self) {
        let in_place = || {
            let (list, at) = self.list.as_ref().filter(|(list, _)| list.is_connected())?;
            list.query_selector(&format!(":scope > :nth-child({at})")).ok()?
        };
        let row = self.row.clone().filter(|row| row.is_connected()).or_else(in_place);
        let first = |of: &Element, ways: &[&str]| ways.iter().find_map(|way| of.query_selector(way).ok()?);
        let near = row
            .and_then(|row| first(&row, WAYS_INTO_ROW))
            .or_else(|| first(self.dialog.as_ref()?, &[":scope[open] .dialog-head button"]));
        match (near.and_then(|near| near.dyn_into::<HtmlElement>().ok()), &self.before) {
            (Some(near), _) => drop(near.focus()),
            (None, Some(before)) => before.take_up(),
            (None, None) => browser::focus_main(),
        }
    }
}

thread_local! {
    /// That of the dialog that opened last, until the close of one is told, or it is gone.
    static LAST: RefCell<Option<Rc<Origin>>> = const { RefCell::new(None) };
}

/// What the focus goes to in a row, the best first.
const WAYS_INTO_ROW: &[&str] = &["[aria-label^='Details of']", "a[href], button:not(:disabled)"];
