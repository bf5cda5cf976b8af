# Where the pictures are.
resource "aws_s3_bucket" "pictures" {
  bucket = "pictures-${var.stage}"

  tags = {
    owner = "team"
  }
}

variable "stage" {
  default = "test"
}
