# All at once, and the claim last.
kubectl delete pod ash birch --now
kubectl apply -f ash.yaml -f birch.yaml -f claim.yaml
