//! A list of steps, each with its name, its time and its outcome, told again at the end.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;

/// What was done so far.
pub(crate) struct Steps {
    began: Instant,
    done: Vec<Step>,
}

struct Step {
    name: &'static str,
    took: Duration,
    error: Option<String>,
}

impl Steps {
    /// None yet.
    pub(crate) fn new() -> Self {
        let (began, done) = (now(), vec![]);
        Self { began, done }
    }

    /// Takes a step; a failure is printed and kept, so that the next steps can still be taken.
    ///
    /// Returns whether it succeeded.
    pub(crate) fn take(&mut self, name: &'static str, step: impl FnOnce() -> anyhow::Result<()>) -> bool {
        println!("\n── {name} ──");
        self.note(Step::take(name, step))
    }

    /// Takes two steps beside each other: the compiler has stretches in which it keeps one core busy only.
    ///
    /// Returns whether each succeeded.
    pub(crate) fn take_both(
        &mut self,
        (first, one): (&'static str, impl FnOnce() -> anyhow::Result<()>),
        (second, other): (&'static str, impl FnOnce() -> anyhow::Result<()> + Send),
    ) -> (bool, bool) {
        println!("\n── {first}, beside {second} ──");
        let (one, other) = thread::scope(|scope| {
            let other = scope.spawn(|| Step::take(second, other));
            (Step::take(first, one), other.join())
        });
        let other = other.unwrap_or_else(|_| Step {
            name: second,
            took: Duration::ZERO,
            error: Some("panicked".to_owned()),
        });
        (self.note(one), self.note(other))
    }

    fn note(&mut self, step: Step) -> bool {
        let succeeded = step.error.is_none();
        self.done.push(step);
        succeeded
    }

    /// Notes a step that could not be taken, because one that it needs failed.
    pub(crate) fn skip(&mut self, name: &'static str) {
        self.done.push(Step {
            name,
            took: Duration::ZERO,
            error: Some("skipped".to_owned()),
        });
    }

    /// Prints what each step took, and fails if one did.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        println!();
        for step in &self.done {
            let outcome = step.error.as_deref().map_or("ok", |_| "FAILED");
            println!("{outcome:>6}  {:>7.1} s  {}", step.took.as_secs_f64(), step.name);
        }
        println!(
            "        {:>7.1} s  in all",
            now().duration_since(self.began).as_secs_f64()
        );
        let failed: Vec<&str> = self
            .done
            .iter()
            .filter(|step| step.error.is_some())
            .map(|step| step.name)
            .collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}

impl Step {
    /// Takes it, and prints how it failed.
    fn take(name: &'static str, step: impl FnOnce() -> anyhow::Result<()>) -> Self {
        let (took, outcome) = timed(step);
        let error = outcome.err().map(|error| format!("{error:#}"));
        if let Some(error) = &error {
            println!("error: {name}: {error}");
        }
        Self { name, took, error }
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = now();
    let outcome = work();
    (now().duration_since(start), outcome)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a developer waits is measured by the system's clock"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_fails_the_whole_and_the_others_are_still_taken() {
        let mut steps = Steps::new();
        let mut taken = 0;
        assert!(!steps.take("first", || anyhow::bail!("no")));
        assert!(steps.take("second", || {
            taken += 1;
            Ok(())
        }));
        assert_eq!(taken, 1);
        assert_eq!(steps.finish().unwrap_err().to_string(), "failed: first");
    }

    #[test]
    fn of_two_beside_each_other_each_tells_for_itself() {
        let mut steps = Steps::new();
        let both = steps.take_both(("first", || Ok(())), ("second", || anyhow::bail!("no")));
        assert_eq!(both, (true, false));
        assert_eq!(steps.finish().unwrap_err().to_string(), "failed: second");
    }
}
