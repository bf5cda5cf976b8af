import { readFile } from "node:fs";

export interface Shape {
  area(): number;
}

export enum Colour {
  Red = "red",
}

export abstract class Circle<T extends object> implements Shape {
  constructor(private readonly radius: number) {}

  @memo({ ttl: 10 })
  public area(): number {
    return Math.PI * this.radius ** 2;
  }
}

export const scale = async <T>(shape: T, by: number): Promise<T> => {
  return shape;
};

export default function draw(shape: Shape): void {
  console.log(shape.area());
}
