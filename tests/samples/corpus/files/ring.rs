//! A ring of the last readings of a sensor.

/// Keeps the newest `N` readings.
pub struct Ring<const N: usize> {
    readings: [f32; N],
    next: usize,
    filled: bool,
}

impl<const N: usize> Ring<N> {
    /// Adds a reading, forgetting the oldest one.
    pub fn push(&mut self, reading: f32) {
        self.readings[self.next] = reading;
        self.next = (self.next + 1) % N;
        self.filled |= self.next == 0;
    }

    pub fn mean(&self) -> Option<f32> {
        let count = if self.filled { N } else { self.next };
        (count > 0).then(|| self.readings[..count].iter().sum::<f32>() / count as f32)
    }
}
