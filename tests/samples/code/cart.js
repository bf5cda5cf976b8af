// Shopping cart of the web shop.
'use strict';

const rates = { book: 0.07, other: 0.19 };

/**
 * Adds tax to a price.
 */
function withTax(price, kind) {
  const note = `rate for ${kind} is ${rates[kind]} }`;
  return price * (1 + rates[kind]); // a brace in a comment {
}

class Cart extends Base {
  #items = [];

  constructor(owner) {
    super();
    this.owner = owner;
  }

  static async load(id) {
    const found = await fetch(`/cart/${id}`);
    return found.json().then((data) => {
      return new Cart(data);
    });
  }

  get total() {
    if (this.#items.length === 0) {
      return 0;
    }
    return this.#items.map((item) => item.price).reduce((a, b) => a + b, 0);
  }
}

const isEmpty = (cart) => {
  return /[{}"']/.test(cart.name) || cart.total === 0;
};

exports.clear = function (cart) {
  cart.items = [];
};

Cart.prototype.rename = function (name) {
  this.name = name;
};

module.exports.Cart = Cart;
