//! What a page asks for when it opens: a skeleton first, then the content, or why there is none and a way to try again.

use std::{future::Future, time::Duration};

use leptos::{prelude::*, task::spawn_local};

use super::{Failed, gathered};
use crate::api::failure::Failure;

/// Something asked for. It keeps its last value while it asks anew, so that a page does not flicker.
pub(crate) struct Load<T: Send + Sync + 'static> {
    value: RwSignal<Option<T>>,
    failure: RwSignal<Option<Failure>>,
    turn: RwSignal<u32>,
    /// The number of the question that began last.
    asked: StoredValue<u32>,
    /// The number of the question whose answer is shown.
    shown: StoredValue<u32>,
    /// Whether the last question has no answer yet.
    under_way: RwSignal<bool>,
    /// How often something else was asked than before.
    question: StoredValue<u32>,
    /// Whether what is shown answers another question than the one that is asked now.
    is_old: RwSignal<bool>,
}

impl<T: Send + Sync + 'static> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Load<T> {}

impl<T: Send + Sync + 'static> Load<T> {
    /// Asks now, and at [`Load::again`]; and something else whenever a signal read in `ask` (before its first await) changes.
    /// Then what is shown is old until the answer is there, and gone where there is none.
    pub(crate) fn new<F>(ask: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output = Result<T, Failure>> + 'static,
    {
        let load = Self::holding(None);
        let latest = StoredValue::new(None::<u32>);
        Effect::new(move |before: Option<u32>| {
            let turn = load.turn.get();
            if before == Some(turn) {
                load.asks_otherwise();
            }
            let mine = load.begin();
            latest.set_value(mine);
            load.under_way.set(true);
            let asking = ask();
            spawn_local(async move {
                let answer = asking.await;
                // A later question has been asked, or the page is gone.
                let Some(number) = mine.filter(|_| latest.try_get_value() == Some(mine)) else {
                    return;
                };
                match answer {
                    Ok(value) => load.show(number, value),
                    Err(failure) => load.fail(failure),
                }
                load.under_way.try_set(false);
            });
            turn
        });
        load
    }

    /// What is there already, and asked for by nobody here.
    pub(crate) fn of(value: T) -> Self {
        Self::holding(Some(value))
    }

    fn holding(value: Option<T>) -> Self {
        Self {
            value: RwSignal::new(value),
            failure: RwSignal::new(None),
            turn: RwSignal::new(0),
            asked: StoredValue::new(0),
            shown: StoredValue::new(0),
            under_way: RwSignal::new(false),
            question: StoredValue::new(0),
            is_old: RwSignal::new(false),
        }
    }

    /// Asks the same once more whenever a signal read in `news` changes: what is shown stays until the answer is there.
    pub(crate) fn anew_when(self, news: impl Fn() + 'static) -> Self {
        Effect::new(move |before: Option<()>| {
            news();
            if before.is_some() {
                self.again();
            }
        });
        self
    }

    /// Asks once more, at once: what is under way is not waited for, and not shown. What failed is told until there is an
    /// answer.
    pub(crate) fn again(self) {
        self.turn.update(|turn| *turn = turn.wrapping_add(1));
    }

    /// Hears that there is news, and asks once more `after` that, for all news of that time. What is under way is waited for
    /// first: what takes longer than news do is shown all the same, and one question is under way at a time. What was refused
    /// is not asked once more.
    pub(crate) fn following(self, after: Duration) -> impl Fn() + Copy + 'static {
        let missed = StoredValue::new(false);
        let is_under_way = move || self.under_way.try_get_untracked() == Some(true);
        let soon = gathered(after, move || {
            if is_under_way() {
                // Somebody asked meanwhile.
                missed.set_value(true);
            } else if !self.is_refused() {
                self.again();
            }
        });
        Effect::new(move |_| {
            if !self.is_asking() && missed.get_value() {
                missed.set_value(false);
                soon();
            }
        });
        move || {
            if is_under_way() {
                missed.set_value(true);
            } else {
                soon();
            }
        }
    }

    /// Whether the last question has no answer yet; who asks that follows it.
    pub(crate) fn is_asking(self) -> bool {
        self.under_way.get()
    }

    /// Whether what is shown answers another question than the one that is asked now; who asks that follows it.
    pub(crate) fn is_old(self) -> bool {
        self.is_old.get()
    }

    /// Why what goes on from what is shown has to wait: it goes on elsewhere than what is asked for now. Who asks that follows
    /// it.
    pub(crate) fn wait(self) -> Option<String> {
        self.is_old()
            .then(|| "Wait until what you asked for is there.".to_owned())
    }

    /// Whether the last question came to nothing, and would once more; not where the page is gone.
    fn is_refused(self) -> bool {
        let is_refused = self
            .failure
            .try_with_untracked(|failure| failure.as_ref().is_some_and(|failure| !failure.passes()));
        is_refused == Some(true)
    }

    /// The number of what is asked now, which something else has not; nothing where the page is gone.
    pub(super) fn question(self) -> Option<u32> {
        self.question.try_get_value()
    }

    /// How often it was asked for once more; nothing where the page is gone.
    pub(crate) fn turn(self) -> Option<u32> {
        self.turn.try_get_untracked()
    }

    /// The number of a question that begins now, which is higher than those before; nothing where the page is gone.
    pub(super) fn begin(self) -> Option<u32> {
        self.asked.try_update_value(|asked| {
            *asked = asked.saturating_add(1);
            *asked
        })
    }

    /// Shows what the question of that number brought, unless the answer to a later one is there already.
    pub(super) fn show(self, number: u32, answer: T) {
        let is_later = self.shown.try_update_value(|shown| {
            let is_later = number > *shown;
            *shown = number.max(*shown);
            is_later
        });
        if is_later == Some(true) {
            self.failure.try_set(None);
            self.is_old.try_set(false);
            self.value.try_set(Some(answer));
        }
    }

    /// Something else is asked than before: what is there does not answer it, and what failed did not fail for it.
    fn asks_otherwise(self) {
        self.question
            .update_value(|question| *question = question.wrapping_add(1));
        self.failure.set(None);
        self.is_old.set(true);
    }

    /// Tells why the last question came to nothing, once where it is what is told already. Only what answers that one stays.
    fn fail(self, failure: Failure) {
        if self.is_old.try_get_untracked() == Some(true) {
            self.value.try_set(None);
            self.is_old.try_set(false);
        }
        let is_told = self.failure.try_with_untracked(|told| told.as_ref() == Some(&failure));
        if is_told == Some(false) {
            self.failure.try_set(Some(failure));
        }
    }

    /// Why the last question came to nothing, if it did.
    pub(crate) fn failure(self) -> RwSignal<Option<Failure>> {
        self.failure
    }

    /// The last answer; where nothing has arrived yet, `None`.
    pub(crate) fn value(self) -> RwSignal<Option<T>> {
        self.value
    }
}

/// Shows the content once it is there. The content is made once and follows [`Load::value`] by itself. What answers another
/// question than the one that is asked now is seen, and said, to be old.
#[component]
pub(crate) fn Loaded<T>(
    load: Load<T>,
    #[prop(into)] skeleton: ViewFn,
    /// Asks once more, where more than this is asked for together.
    #[prop(into, optional)]
    on_again: Option<Callback<()>>,
    children: ChildrenFn,
) -> impl IntoView
where
    T: Send + Sync + 'static,
{
    let again = move |()| match on_again {
        Some(again) => again.run(()),
        None => load.again(),
    };
    let there = Memo::new(move |_| load.value.with(Option::is_some));
    let failed = Memo::new(move |_| if there.get() { None } else { load.failure.get() });
    move || {
        if there.get() {
            let busy = move || load.is_old().then_some("true");
            let said = move || load.is_old().then_some("Loading");
            // Of what is within something busy screen readers say nothing.
            view! {
                <p class="sr-only" role="status">{said}</p>
                <div class="loaded" aria-busy=busy>{children()}</div>
            }
            .into_any()
        } else if let Some(failure) = failed.get() {
            view! { <Failed failure asking=Signal::derive(move || load.is_asking()) on_again=again/> }.into_any()
        } else {
            skeleton.run().into_any()
        }
    }
}
