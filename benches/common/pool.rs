//! The workers: processes of this same program, each given one order at a time.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde::de::DeserializeOwned;

use super::Failure;

/// One worker.
struct Worker {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Worker {
    fn start(arguments: &[OsString]) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            // libtorch's own threads; the trainer sets one for its operations.
            .env("OMP_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take();
        let from = BufReader::new(child.stdout.take().ok_or("a worker without output")?);
        Ok(Self { child, to, from })
    }

    fn ask<A: DeserializeOwned>(&mut self, order: &str) -> Result<A, Failure> {
        let to = self.to.as_mut().ok_or("a worker without input")?;
        writeln!(to, "{order}")?;
        to.flush()?;
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 {
            return Err("the worker ended".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Its input ends, so it ends; what comes of waiting changes nothing any more.
        self.to = None;
        let _ = self.child.wait();
    }
}

/// Has all orders done by this number of workers, started with these arguments; one answer for each, in the order of
/// `orders`: what the worker said, or why it said nothing.
///
/// A worker that dies fails its order and is replaced.
pub fn run<A: DeserializeOwned + Send>(
    arguments: &[OsString],
    workers: usize,
    what: &str,
    orders: &[String],
) -> Result<Vec<Result<A, String>>, Failure> {
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<Option<Result<A, String>>>> = Mutex::new(orders.iter().map(|_| None).collect());
    let serve = || -> Result<(), String> {
        let mut worker = Worker::start(arguments).map_err(|error| error.to_string())?;
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(order) = orders.get(place) else { return Ok(()) };
            let answer = match worker.ask(order) {
                Ok(answer) => Ok(answer),
                Err(error) => {
                    worker = Worker::start(arguments).map_err(|error| error.to_string())?;
                    Err(error.to_string())
                }
            };
            if let Ok(mut answers) = answers.lock() {
                answers[place] = Some(answer);
            }
            if (place + 1).is_multiple_of(20) || place + 1 == orders.len() {
                eprintln!("{what}: {} of {}", place + 1, orders.len());
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers.clamp(1, orders.len().max(1))).map(|_| scope.spawn(serve)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?)
    })?;
    let answers = answers.into_inner().map_err(|_| "a thread panicked")?;
    let lost = || Err("no worker answered".to_owned());
    Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect())
}
