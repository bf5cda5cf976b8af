package home.heating;

/** Decides when the boiler runs. */
public final class Thermostat {
    private final double target;
    private boolean running;

    public Thermostat(double target) {
        this.target = target;
    }

    /** Half a degree of slack keeps the boiler from stuttering. */
    public boolean update(double measured) {
        if (measured < target - 0.5) {
            running = true;
        } else if (measured > target + 0.5) {
            running = false;
        }
        return running;
    }
}
