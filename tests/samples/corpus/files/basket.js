// What is in the shopping basket, and what it costs.
import { roundCents } from "./money.js";

export class Basket {
  #lines = [];

  add(article, count = 1) {
    this.#lines.push({ article, count });
    return this;
  }

  total() {
    return roundCents(this.#lines.reduce((sum, line) => sum + line.article.price * line.count, 0));
  }
}

export const freeDelivery = (basket) => basket.total() >= 40;
