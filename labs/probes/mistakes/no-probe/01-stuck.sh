kubectl apply -f stuck.yaml
