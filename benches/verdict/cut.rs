//! A record as it was at the end of an earlier epoch.

use whymean::record::{Record, Status};

/// What a record said after this epoch, while its run went on.
///
/// Readings of steps are kept in windows, and a window that was open then may hold a later extreme; a run has hundreds.
pub fn cut(record: &Record, epoch: u32) -> Record {
    let mut run = record.run.clone();
    let step = u64::from(epoch) * run.steps_per_epoch;
    run.epochs_done = epoch.min(run.epochs_done);
    run.status = Status::Running;
    run.certificate = run.certificate.filter(|certificate| certificate.step <= step);
    let series = record.series.iter().filter_map(|(id, points)| {
        let kept: Vec<_> = points.iter().copied().filter(|point| point.epoch <= epoch).collect();
        (!kept.is_empty()).then(|| (id.clone(), kept))
    });
    let series = series.collect();
    let probe = record.probe.iter().filter(|look| look.epoch <= epoch).cloned().collect();
    Record { run, series, probe }
}
