package house;

import java.util.List;

/** A lamp that can be dimmed. */
@Deprecated(since = "2")
public class Lamp implements Comparable<Lamp> {
    private static final int[] STEPS = {1, 2, 3};
    private int level;

    public Lamp(int level) {
        this.level = level;
    }

    @Override
    public int compareTo(Lamp other) {
        Runnable task = new Runnable() {
            public void run() {
                System.out.println("{");
            }
        };
        return Integer.compare(level, other.level);
    }

    /** Where a lamp stands. */
    enum Room { KITCHEN, HALL }

    static <T extends Lamp> List<T> all() throws IllegalStateException {
        return List.of();
    }
}
