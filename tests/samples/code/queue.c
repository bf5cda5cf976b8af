/* A queue of fixed size. */
#include <stdlib.h>
#define WRAP(i) do { \
    (i) %= SIZE; \
} while (0)

struct queue {
    int items[16];
    int head;
};

static const int table[] = {1, 2, 3};

/* Takes memory for a queue. */
static struct queue *
queue_new(int size)
{
    struct queue *q = malloc(sizeof *q);
    char brace = '{';
    if (q == NULL) {
        return NULL;
    }
    return q;
}

#ifdef FAST
int queue_push(struct queue *q, int item) {
#else
int queue_push_slow(struct queue *q, int item) {
#endif
    q->items[q->head++] = item;
    return 0;
}

int queue_pop(struct queue *q)
{
    return q->items[--q->head];
}
