//! `whymean trial DIR`, the process that trains one run.

use std::{
    io::{self, Read, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    error::{Exit, UsageError},
    train,
    trial::{ProgressLine, TrialError, folder, interrupt::INTERRUPTED, results},
};

/// Trains until it is done or asked to stop; with a `grace`, also until standard input is closed and it has passed.
pub fn run(dir: &Path, grace: Option<Duration>) -> miette::Result<Exit> {
    let spec = folder::read_spec(dir)?.ok_or_else(|| TrialError::NoSpec { dir: dir.to_owned() })?;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || asked.store(true, Ordering::SeqCst))
        .map_err(|error| UsageError::Interrupts { why: error.to_string() })?;
    if let Some(grace) = grace {
        let orphaned = Arc::clone(&stop);
        // Ends with its process.
        thread::spawn(move || {
            let mut nothing = [0; 64];
            let mut stdin = io::stdin().lock();
            while !matches!(stdin.read(&mut nothing), Ok(0) | Err(_)) {}
            orphaned.store(true, Ordering::SeqCst);
            thread::sleep(grace);
            abandon();
        });
    }
    let lock = results::lock_trial(dir)?;
    // Whoever held the lock may have finished the trial while this one waited.
    if folder::read_outcome(dir)?.is_some() {
        return Ok(Exit::Learned);
    }
    if lock.is_some() {
        folder::remove_leftovers(dir)?;
    }
    let mut say = |line: ProgressLine| {
        // Whoever listened may be gone; that is told by the standard input, and no reason to lose the training.
        let mut stdout = io::stdout().lock();
        let _ = writeln!(stdout, "{}", line.to_json()).and_then(|()| stdout.flush());
    };
    let outcome = train::run_trial(dir, &spec, &stop, &mut say)?;
    Ok(if outcome.status.is_final() { Exit::Learned } else { Exit::Interrupted })
}

/// Ends the process of a trial that nobody waits for and that does not end by itself: it hangs in a file, or waits for
/// another.
#[expect(
    clippy::disallowed_methods,
    reason = "the main thread hangs, so there is nobody to return to; what it has saved is whole, as after a kill"
)]
fn abandon() {
    std::process::exit(i32::from(INTERRUPTED));
}
