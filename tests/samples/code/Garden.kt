package garden

val beds = listOf("north", "south").map { it.uppercase() }

data class Plant(val name: String, val height: Int = 0) {
    val isTall: Boolean
        get() = height > 100

    fun grow(by: Int): Plant {
        return copy(height = height + by)
    }

    companion object {
        fun seed(name: String) = Plant(name)
    }
}

fun String.shout(): String {
    return "${this.uppercase()} {"
}

suspend fun <T> water(
    plants: List<T>,
    litres: Int,
): Int {
    return plants.size * litres
}
