using System;

namespace Shop.Orders
{
    public record Line(string Name, decimal Price);

    public class Order
    {
        public int Id { get; set; }

        public Order(int id)
        {
            Id = id;
        }

        public async Task<List<T>> FindAsync<T>(string path) where T : class
        {
            var text = @"C:\new\";
            return await Load<T>($"{path}/{Id}");
        }
    }
}
